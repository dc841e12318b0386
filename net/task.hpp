#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace switchboard::net {

/// The result of a conversation's part that may have to wait: a coroutine that
/// begins when it is awaited and goes on with whoever awaits it when it is
/// done. Destroying it at any wait destroys everything it holds. One thread.
template <class T>
class task {
public:
  class promise_type {
  public:
    task get_return_object() noexcept {
      return task{std::coroutine_handle<promise_type>::from_promise(*this)};
    }

    std::suspend_always initial_suspend() const noexcept {
      return {};
    }

    auto final_suspend() const noexcept {
      struct awaiter {
        bool await_ready() const noexcept {
          return false;
        }

        std::coroutine_handle<>
        await_suspend(std::coroutine_handle<promise_type> who) noexcept {
          return who.promise().next_;
        }

        void await_resume() const noexcept {}
      };
      return awaiter{};
    }

    template <class Value>
    void return_value(Value&& value) {
      value_.emplace(std::forward<Value>(value));
    }

    void unhandled_exception() noexcept {
      failure_ = std::current_exception();
    }

  private:
    friend class task;

    std::coroutine_handle<> next_ = std::noop_coroutine();
    std::optional<T> value_;
    std::exception_ptr failure_;
  };

  task() = default;
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}

  task& operator=(task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }

  ~task() {
    if (frame_)
      frame_.destroy();
  }

  /// Begins; for the outermost one, which nobody awaits.
  void start() {
    frame_.resume();
  }

  auto operator co_await() && noexcept {
    struct awaiter {
      std::coroutine_handle<promise_type> frame;

      bool await_ready() const noexcept {
        return false;
      }

      std::coroutine_handle<>
      await_suspend(std::coroutine_handle<> next) noexcept {
        frame.promise().next_ = next;
        return frame;
      }

      T await_resume() {
        auto& promise = frame.promise();
        if (promise.failure_)
          std::rethrow_exception(promise.failure_);
        return std::move(*promise.value_);
      }
    };
    return awaiter{frame_};
  }

private:
  explicit task(std::coroutine_handle<promise_type> frame) noexcept
      : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

} // namespace switchboard::net
