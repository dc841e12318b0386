#include "net/loop_door.hpp"

#include "net/loop.hpp"

namespace switchboard::net {

void loop_door::post(std::function<void()> what) {
  std::lock_guard guard{mutex_};
  if (home_ == nullptr)
    return;
  inbox_.push_back(std::move(what));
  // Under the lock, so that the loop is still there.
  home_->wake();
}

void loop_door::run() {
  std::vector<std::function<void()>> fresh;
  {
    std::lock_guard guard{mutex_};
    fresh.swap(inbox_);
  }
  for (auto& what : fresh)
    what();
}

void loop_door::shut() {
  // Destroyed outside of the lock: what goes with it may post again.
  std::vector<std::function<void()>> rest;
  std::lock_guard guard{mutex_};
  home_ = nullptr;
  rest.swap(inbox_);
}

} // namespace switchboard::net
