#include "flows/concurrency_gate.hpp"

#include <utility>

namespace switchboard::flows {

bool concurrency_gate::enter(const caf::actor& who) {
  std::lock_guard guard{mutex_};
  if (inside_ < limit_) {
    ++inside_;
    ++owners_[who.id()];
    return true;
  }
  waiting_.push_back(who);
  return false;
}

void concurrency_gate::resize(std::size_t limit) {
  std::lock_guard guard{mutex_};
  limit_ = limit;
  while (inside_ < limit_ && !waiting_.empty()) {
    ++inside_;
    pass_on();
  }
}

void concurrency_gate::leave(const caf::actor& who) {
  std::lock_guard guard{mutex_};
  auto owner = owners_.find(who.id());
  // What it had was taken back.
  if (owner == owners_.end() || owner->second == 0)
    return;
  --owner->second;
  pass_on();
}

void concurrency_gate::forget(const caf::actor& who) {
  std::lock_guard guard{mutex_};
  std::erase(waiting_, who);
  auto owner = owners_.find(who.id());
  if (owner == owners_.end())
    return;
  auto places = owner->second;
  owners_.erase(owner);
  for (; places > 0; --places)
    pass_on();
}

void concurrency_gate::pass_on() {
  // Fewer may be in work than are.
  if (waiting_.empty() || inside_ > limit_) {
    --inside_;
    return;
  }
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  ++owners_[next.id()];
  caf::anon_send(next, granted_atom::value);
}

} // namespace switchboard::flows
