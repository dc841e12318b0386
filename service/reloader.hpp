#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <switchboard/switchboard.hpp>

#include "config/key_values.hpp"
#include "flows/engine.hpp"
#include "service/api/server.hpp"
#include "service/check.hpp"
#include "service/drain.hpp"
#include "service/log.hpp"
#include "service/reload_outcome.hpp"
#include "service/reload_status.hpp"

namespace switchboard::service {

/// Reads the configuration file again and applies what can change while
/// sockets are open. One after the other, on a thread of its own. Any thread.
class reloader {
public:
  /// What it works on; everything outlives it.
  struct parts {
    instance* sockets = nullptr;
    flows::engine* flows = nullptr;
    api::server* api = nullptr;
    drain* drains = nullptr;
    std::shared_ptr<log> lines;
    /// Adds what no file says, on the reloader's thread.
    std::function<void(switchboard_options&)> complete;
    /// Gets what was applied, on the reloader's thread.
    std::function<void(const config::document&)> on_applied;
    reload_status* status = nullptr;
  };

  using answer = std::function<void(const reload_outcome&)>;

  /// @param file empty: there is none to be read.
  /// @param in_force what the switchboard was started with.
  reloader(parts what, std::optional<std::filesystem::path> file,
           config::key_values in_force);

  /// As `stop`.
  ~reloader();

  /// Reads the file again, for a signal: one that waits already counts for
  /// this one, too.
  void hang_up();

  /// Reads the file again, or only says what that would do.
  /// @param done called once, on another thread.
  void ask(bool dry_run, answer done);

  /// Finishes what is in work, refuses what waits and what comes.
  void stop();

  reloader(const reloader&) = delete;
  reloader& operator=(const reloader&) = delete;

private:
  struct job {
    bool dry_run = false;
    /// Unset: of a signal.
    answer done;
  };

  void run();
  reload_outcome work(const job& what);
  /// @returns why not; empty where it may.
  std::string refusal() const;
  /// @returns what went wrong; empty where nothing did.
  std::string apply(checked_configuration& what, const reload_outcome& changes);
  void tell(const job& of, const reload_outcome& what) const;

  parts parts_;
  std::optional<std::filesystem::path> file_;
  config::key_values in_force_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`.
  std::deque<job> jobs_;
  bool stopped_ = false;
  std::thread thread_;
};

} // namespace switchboard::service
