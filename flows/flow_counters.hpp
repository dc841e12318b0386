#pragma once

#include <atomic>
#include <cstdint>

namespace switchboard::flows {

/// A number that one thread writes and any thread reads: no lock prefix.
class flow_counter {
public:
  void operator++() noexcept {
    *this += 1;
  }

  void operator--() noexcept {
    *this += ~std::uint64_t{0};
  }

  void operator+=(std::uint64_t n) noexcept {
    value_.store(load() + n, std::memory_order_relaxed);
  }

  std::uint64_t load() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// Of one flow on one shard, on cache lines of its own.
struct alignas(64) flow_counters {
  /// Runs begun.
  flow_counter events;
  /// Runs that failed, and no `on_error` took care.
  flow_counter failures;
  /// Runs that came to their end without an error.
  flow_counter succeeded;
  /// Runs begun and not over.
  flow_counter in_work;
  /// Events that wait because `max_concurrency` runs are in work.
  flow_counter waiting;
  /// Events of sockets whose flow is no more.
  flow_counter dropped;
  /// Runs that were tried once more.
  flow_counter repeats;
  /// Events given up that a dead letter has taken.
  flow_counter dead_letters;
  /// Those that it could not take.
  flow_counter lost_letters;
  /// Nanoseconds that runs which are over have taken.
  flow_counter time;
  /// Requests of `http_request` made once more. Written by whoever makes them,
  /// which is no shard.
  alignas(64) flow_counter retries;
};

} // namespace switchboard::flows
