#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "service/reload_outcome.hpp"

namespace switchboard::service {

/// How reloads went; the start counts as the first success. Any thread.
class reload_status {
public:
  using time_point = std::chrono::system_clock::time_point;

  struct snapshot {
    /// Whether the last that was not refused was applied.
    bool successful = true;
    /// When one was applied, or the program was started.
    time_point last_success;
    /// Keys of the file that wait for a restart.
    std::size_t waiting = 0;
    std::uint64_t applied = 0;
    /// The file was wrong, or what it says cannot be had.
    std::uint64_t failed = 0;
    std::uint64_t refused = 0;
  };

  explicit reload_status(time_point started);

  /// A dry run does not count.
  void note(const reload_outcome& what, time_point now);

  snapshot now() const;

private:
  mutable std::mutex mutex_;
  snapshot state_;
};

} // namespace switchboard::service
