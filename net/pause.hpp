#pragma once

#include <coroutine>

#include "net/loop.hpp"

namespace switchboard::net {

/// Waits until a time on a loop's thread: `co_await` it once.
class pause_until final : private timer {
public:
  pause_until(loop& home, clock::time_point when) : loop_(home), when_(when) {}

  bool await_ready() const noexcept {
    return false;
  }

  void await_suspend(std::coroutine_handle<> next) {
    next_ = next;
    loop_.arm(*this, when_);
  }

  void await_resume() const noexcept {}

private:
  void on_timer() override {
    next_.resume();
  }

  loop& loop_;
  clock::time_point when_;
  std::coroutine_handle<> next_;
};

} // namespace switchboard::net
