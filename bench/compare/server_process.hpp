#pragma once

#include <map>
#include <string>

#include <sys/types.h>

#include "bench/compare/plan.hpp"

namespace switchboard::bench {

/// What the names in braces of a plan stand for, by name.
using substitutions = std::map<std::string, std::string>;

std::string replaced(std::string text, const substitutions& known);

/// Keeps a thread of this process, and what it starts, on one core; does
/// nothing where there is no such core.
/// @param process 0: the calling thread.
void pin(pid_t process, unsigned core);

/// A server that was started and is stopped with this object.
class server_process {
public:
  /// Why a server cannot be started here; empty where it can.
  static std::string missing(const server_plan& plan,
                             const substitutions& known);

  /// Starts it on core 0 and waits until it accepts connections. Throws
  /// `failure` where it ends before or takes longer than ten seconds.
  server_process(const server_plan& plan, substitutions known);
  ~server_process();
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

  pid_t pid() const noexcept {
    return pid_;
  }

  /// Those it was started with and its own.
  const substitutions& known() const noexcept {
    return known_;
  }

  /// Whether it is still running.
  bool alive() noexcept;

private:
  void start(const server_plan& plan);
  void await(const std::string& name);
  void stop() noexcept;

  substitutions known_;
  std::string folder_;
  pid_t pid_ = -1;
};

} // namespace switchboard::bench
