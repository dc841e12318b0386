#pragma once

#include <atomic>
#include <cstdint>

namespace switchboard::flows {

/// Of one flow, over all shards.
struct flow_counters {
  /// Runs begun.
  std::atomic<std::uint64_t> events{0};
  /// Runs that failed, and no `on_error` took care.
  std::atomic<std::uint64_t> failures{0};
  /// Runs that came to their end without an error.
  std::atomic<std::uint64_t> succeeded{0};
  /// Runs begun and not over.
  std::atomic<std::uint64_t> in_work{0};
  /// Events that wait because `max_concurrency` runs are in work.
  std::atomic<std::uint64_t> waiting{0};
  /// What was tried once more: requests of `http_request`, and runs.
  std::atomic<std::uint64_t> retries{0};
  /// Events given up that a dead letter has taken.
  std::atomic<std::uint64_t> dead_letters{0};
  /// Those that it could not take.
  std::atomic<std::uint64_t> lost_letters{0};
  /// Nanoseconds that runs which are over have taken.
  std::atomic<std::uint64_t> time{0};
};

} // namespace switchboard::flows
