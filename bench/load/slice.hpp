#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

#include "bench/load/histogram.hpp"

namespace switchboard::bench {

/// When a slice ends: whichever comes first.
struct slice_limit {
  std::chrono::nanoseconds duration = std::chrono::nanoseconds::max();
  /// Messages, deliveries or connections, whatever the scenario counts.
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
};

/// When a slice that began at `start` is over, in ns of the monotonic clock.
inline std::uint64_t end_of(const slice_limit& until, std::uint64_t start) {
  return until.duration == std::chrono::nanoseconds::max()
             ? std::numeric_limits<std::uint64_t>::max()
             : start + static_cast<std::uint64_t>(until.duration.count());
}

/// What was measured in one slice.
struct slice {
  /// Messages, deliveries or connections that were finished in time.
  std::uint64_t count = 0;
  /// The same with those that were finished while the slice was drained.
  std::uint64_t settled = 0;
  std::chrono::nanoseconds elapsed{};
  /// Processor time that the load itself used.
  std::chrono::nanoseconds load_cpu{};
  /// In ns. With a rate from the time at which a message was due; in a closed
  /// loop from the time at which it was sent.
  histogram latency;

  /// Messages a second.
  double per_second() const noexcept {
    auto seconds = std::chrono::duration<double>(elapsed).count();
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
  }
};

/// One kind of load on one server. It keeps its connections between slices, so
/// that several servers can be measured in turn.
class scenario {
public:
  virtual ~scenario() = default;

  /// Opens connections and waits until all are ready. Throws `failure`.
  virtual void open() = 0;

  /// Puts load on the server until the limit is reached, then waits until
  /// nothing is on its way. Throws `failure` for every wrong count.
  virtual void run(const slice_limit& until, slice& into) = 0;
};

} // namespace switchboard::bench
