#include <utility>

#include "flows/runner.hpp"

// Apart from runner.cpp: `max_concurrency` and `timeout` of a flow.

namespace switchboard::flows {

void runner::admit(job_ptr what) {
  what->gate = settings_.gate;
  if (!what->gate || what->gate->enter(caf::actor_cast<caf::actor>(this)))
    return begin_run(std::move(what));
  ++settings_.counters->waiting;
  waiting_.push_back(std::move(what));
}

void runner::granted() {
  if (waiting_.empty()) {
    // Nobody is there to take the place.
    if (settings_.gate)
      settings_.gate->leave(caf::actor_cast<caf::actor>(this));
    return;
  }
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  --settings_.counters->waiting;
  begin_run(std::move(next));
}

void runner::begin_run(job_ptr what) {
  ++settings_.counters->events;
  ++settings_.counters->in_work;
  what->begun = std::chrono::steady_clock::now();
  if (what->of->has_policy()) {
    if (!what->policy)
      what->policy = std::make_unique<delivery>();
    what->policy->guard = settings_.guard;
    what->policy->payload = what->run.payload();
    return attempt(std::move(what));
  }
  set_deadline(*what);
  drive(std::move(what));
}

void runner::set_deadline(job& what) {
  if (code().timeout.count() == 0)
    return;
  auto time =
      std::chrono::ceil<caf::actor_clock::duration_type>(code().timeout);
  what.until = net::clock::now() + code().timeout;
  deadlines_.add(what, system().clock().now() + time);
  wake_at_deadline();
}

void runner::settle_deadline(job& what) {
  if (what.deadline != 0)
    deadlines_.settle(what);
}

void runner::wake_at_deadline() {
  auto next = deadlines_.next();
  if (!next || (wake_up_ && *wake_up_ <= *next))
    return;
  wake_up_ = next;
  delayed_send(this, *next - system().clock().now(), late_atom::value);
}

void runner::expire() {
  wake_up_.reset();
  while (auto late = deadlines_.take_due(system().clock().now())) {
    // It waits for an answer, which nobody will take.
    auto what = take(late->id);
    if (!what)
      continue;
    auto limit =
        std::chrono::duration_cast<std::chrono::milliseconds>(code().timeout);
    error_text why{std::string{name_of(errc::timeout)},
                   "flow " + code().name + " was not done within "
                       + std::to_string(limit.count()) + " ms"};
    if (what->policy && !what->policy->is_running()) {
      expire_attempt(std::move(what), std::move(why));
      continue;
    }
    // What handles the error has as much time once more.
    set_deadline(*what);
    what->run.fail(std::move(why));
    drive(std::move(what));
  }
  wake_at_deadline();
}

} // namespace switchboard::flows
