#include "service/systemd/watchdog.hpp"

#include <algorithm>
#include <utility>

#include <systemd/sd-daemon.h>

namespace switchboard::service::systemd {

namespace {

/// Shards beat once a second: shorter than this nobody can be judged.
constexpr std::chrono::nanoseconds shortest = std::chrono::seconds{2};

} // namespace

std::optional<std::chrono::microseconds> watchdog_time() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0)
    return std::nullopt;
  return std::chrono::microseconds{static_cast<std::int64_t>(microseconds)};
}

bool pulse::alive(const std::vector<std::uint64_t>& beats, time_point now) {
  if (seen_.size() != beats.size())
    seen_.assign(beats.size(), {0, now});
  auto result = true;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    if (seen_[i].beats != beats[i])
      seen_[i] = {beats[i], now};
    result = result && now - seen_[i].changed < limit_;
  }
  return result;
}

watchdog::watchdog(std::function<std::vector<std::uint64_t>()> beats,
                   std::chrono::microseconds time, std::function<void()> tell)
    : beats_(std::move(beats)),
      tell_(std::move(tell)),
      thread_([this, time] { run(time); }) {}

watchdog::~watchdog() {
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void watchdog::run(std::chrono::microseconds time) {
  pulse all{std::max<std::chrono::nanoseconds>(time / 2, shortest)};
  std::unique_lock guard{mutex_};
  while (!stopped_) {
    if (all.alive(beats_(), std::chrono::steady_clock::now()))
      tell_();
    changed_.wait_for(guard, time / 4, [this] { return stopped_; });
  }
}

} // namespace switchboard::service::systemd
