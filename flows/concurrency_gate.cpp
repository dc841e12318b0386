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

void concurrency_gate::resize(std::size_t limit) {
  std::deque<caf::actor> granted;
  {
    std::lock_guard guard{mutex_};
    limit_ = limit;
    for (; inside_ < limit_ && !waiting_.empty(); ++inside_) {
      granted.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  }
  for (auto& who : granted)
    caf::anon_send(who, granted_atom::value);
}

void concurrency_gate::leave() {
  caf::actor next;
  {
    std::lock_guard guard{mutex_};
    // Fewer may be in work than are.
    if (waiting_.empty() || inside_ > limit_) {
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
