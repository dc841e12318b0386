#include "flows/runner.hpp"

// Apart from runner.cpp: the source `schedule`.

namespace switchboard::flows {

void runner::tick(std::uint64_t schedule) {
  if (!ticking_ || schedule != schedule_)
    return;
  schedule_next();
  // The run before is not over: this one is left out.
  if (in_work_ == 0)
    start({std::string{}, {}, {}, {}}, nullptr, {}, false);
}

void runner::schedule_next() {
  // Counted from the beginning, so that delays do not add up.
  auto now = system().clock().now();
  auto every = std::chrono::ceil<caf::actor_clock::duration_type>(code().every);
  next_tick_ += every;
  if (next_tick_ <= now)
    next_tick_ += every * ((now - next_tick_) / every + 1);
  delayed_send(this, next_tick_ - now, tick_atom::value, schedule_);
}

} // namespace switchboard::flows
