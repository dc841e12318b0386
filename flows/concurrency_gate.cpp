#include "flows/concurrency_gate.hpp"

#include <utility>

namespace switchboard::flows {

bool concurrency_gate::enter(const caf::actor& who) {
  std::lock_guard guard{mutex_};
  if (inside_ < limit_) {
    ++inside_;
    return true;
  }
  waiting_.push_back(who);
  return false;
}

void concurrency_gate::leave() {
  caf::actor next;
  {
    std::lock_guard guard{mutex_};
    if (waiting_.empty()) {
      --inside_;
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  caf::anon_send(next, granted_atom::value);
}

void concurrency_gate::forget(const caf::actor& who) {
  std::lock_guard guard{mutex_};
  std::erase(waiting_, who);
}

} // namespace switchboard::flows
