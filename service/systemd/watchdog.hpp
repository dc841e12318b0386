#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace switchboard::service::systemd {

/// How long systemd waits for a sign of life; `nullopt` where it does not
/// watch this process (sd_watchdog_enabled(3)).
std::optional<std::chrono::microseconds> watchdog_time();

/// Decides from counters of heartbeats whether everybody is alive.
class pulse {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param limit how long a counter may stand still.
  explicit pulse(std::chrono::nanoseconds limit) : limit_(limit) {}

  /// @param beats one for each shard.
  bool alive(const std::vector<std::uint64_t>& beats, time_point now);

private:
  struct seen {
    std::uint64_t beats = 0;
    time_point changed;
  };

  std::chrono::nanoseconds limit_;
  std::vector<seen> seen_;
};

/// Tells systemd that the service is alive, as long as every shard is. A
/// thread of its own, so that a stuck shard does not hide itself.
class watchdog {
public:
  /// @param beats gives each shard's counter of heartbeats, which counts up
  ///        every second.
  /// @param time as systemd has it.
  /// @param tell called while all are alive.
  watchdog(std::function<std::vector<std::uint64_t>()> beats,
           std::chrono::microseconds time, std::function<void()> tell);

  /// Watches no more.
  ~watchdog();

  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

private:
  void run(std::chrono::microseconds time);

  std::function<std::vector<std::uint64_t>()> beats_;
  std::function<void()> tell_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::thread thread_;
};

} // namespace switchboard::service::systemd
