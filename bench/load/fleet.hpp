#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

#include "bench/load/client.hpp"
#include "bench/load/clock.hpp"
#include "bench/load/poller.hpp"

namespace switchboard::bench {

/// The connections of a scenario and the loop that serves them.
class fleet {
public:
  /// Adds connections that `open` will open.
  void add(std::size_t count, const wire& shared);

  /// Opens what is not open, a bounded number at a time. Throws `failure`
  /// after 30 s.
  void open();

  std::deque<client>& clients() noexcept {
    return clients_;
  }
  poller& loop() noexcept {
    return loop_;
  }

  /// Serves the events of one wait.
  /// @param served `(client&, std::size_t messages)`, for every event.
  template <class OnEvent>
  void turn_all(int timeout_ms, OnEvent&& served) {
    for (const auto& event : loop_.wait(timeout_ms)) {
      auto& who = *static_cast<client*>(event.data.ptr);
      served(who, who.handle(event.events));
    }
  }

  /// Serves the events of one wait.
  /// @param arrived `(client&, std::size_t messages)`, where there are any.
  template <class OnMessages>
  void turn(int timeout_ms, OnMessages&& arrived) {
    for (const auto& event : loop_.wait(timeout_ms)) {
      auto& who = *static_cast<client*>(event.data.ptr);
      if (auto messages = who.handle(event.events); messages > 0)
        arrived(who, messages);
    }
  }

  /// Serves events until a condition holds. Throws `failure` that names what
  /// was waited for when it does not within ten seconds.
  template <class Condition, class OnMessages>
  void turn_until(Condition&& holds, OnMessages&& arrived,
                  const char* waited_for) {
    auto give_up = now_ns() + patience_ns;
    while (!holds()) {
      turn(100, arrived);
      if (now_ns() > give_up && !holds())
        give_up_on(waited_for);
    }
  }

private:
  static constexpr std::uint64_t patience_ns = 10'000'000'000U;
  [[noreturn]] static void give_up_on(const char* waited_for);

  poller loop_;
  std::deque<client> clients_;
};

} // namespace switchboard::bench
