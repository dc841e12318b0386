#pragma once

#include <memory>
#include <optional>

namespace CLI {
class App;
}

namespace switchboard::service::client {

/// The subcommands that are clients of the management API: sockets, send,
/// broadcast, close, open, groups, drain, reload, top, tap.
class commands {
public:
  /// Adds them to a command line.
  explicit commands(CLI::App& to);
  ~commands();

  /// Runs the one that was given.
  /// @returns its exit code; `nullopt` where it was none of them.
  std::optional<int> run();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace switchboard::service::client
