#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "service/log.hpp"

namespace switchboard::service {

/// Watches for SIGTERM, SIGINT and SIGHUP on a thread of its own. The first
/// SIGTERM or SIGINT wakes `wait`; a second one, or a shutdown that takes
/// longer than its time, ends the process at once with exit code 1. SIGHUP
/// calls what `on_hangup` was told.
class signals {
public:
  /// Signals are caught from here on.
  /// @param shutdown_time from the first signal to the end of the process.
  signals(std::shared_ptr<log> to, std::chrono::nanoseconds shutdown_time);

  /// Stops watching.
  ~signals();

  /// The start is complete. Until then there is nothing to drain: a signal
  /// ends the process with exit code 0 where the start does not end by
  /// itself within a second.
  void started();

  /// @param act called on the thread of the signals for each SIGHUP, once the
  ///        start is complete; must not block.
  void on_hangup(std::function<void()> act);

  /// A shutdown that begins from here on may take so long.
  void set_shutdown_time(std::chrono::nanoseconds time);

  /// Blocks until the first signal.
  /// @returns its name.
  const char* wait();

  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace switchboard::service
