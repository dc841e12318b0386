#pragma once

#include <functional>
#include <memory>

namespace switchboard::net {

/// A thread for what may wait for a disk. Jobs run one after another, in
/// order. Its handle may be dropped by a job: what was posted is done all the
/// same.
class file_worker {
public:
  /// Fails with std::system_error where there is no thread to be had.
  file_worker();

  /// Returns when every job is done, unless it is called by one.
  ~file_worker();

  file_worker(const file_worker&) = delete;
  file_worker& operator=(const file_worker&) = delete;

  /// Any thread.
  /// @param job must not throw.
  void post(std::function<void()> job);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace switchboard::net
