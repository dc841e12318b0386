#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <span>

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
    auto events = loop_.wait(timeout_ms);
    while (!events.empty()) {
      auto chunk = events.first(std::min(events.size(), most_of_a_chunk));
      events = events.subspan(chunk.size());
      read_in_batch(chunk);
      loop_.gather();
      for (std::size_t i = 0; i < chunk.size(); ++i) {
        auto& who = *static_cast<client*>(chunk[i].data.ptr);
        served(who, outcome_of(i, who, chunk[i].events));
      }
      write_in_batch();
    }
  }

  /// Serves the events of one wait.
  /// @param arrived `(client&, std::size_t messages)`, where there are any.
  template <class OnMessages>
  void turn(int timeout_ms, OnMessages&& arrived) {
    turn_all(timeout_ms, [&](client& who, std::size_t messages) {
      if (messages > 0)
        arrived(who, messages);
    });
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
  static constexpr std::size_t most_of_a_chunk = net::call_batch::capacity;
  /// Fewer calls than this are made one by one.
  static constexpr std::size_t least_of_a_batch = 3;
  static constexpr std::size_t not_in_batch = most_of_a_chunk;

  [[noreturn]] static void give_up_on(const char* waited_for);
  void read_in_batch(std::span<const epoll_event> chunk);
  std::size_t outcome_of(std::size_t event, client& who, std::uint32_t events);
  void write_in_batch();

  poller loop_;
  /// Of each event of the chunk: which call of the batch.
  std::array<std::size_t, most_of_a_chunk> calls_{};
  std::deque<client> clients_;
};

} // namespace switchboard::bench
