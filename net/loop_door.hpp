#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace switchboard::net {

class loop;

/// A way into a loop for threads that may outlive it.
class loop_door {
public:
  explicit loop_door(loop& home) : home_(&home) {}

  /// Calls something on the loop's thread, in one of its next turns. What
  /// comes when the loop has ended is dropped. Any thread.
  void post(std::function<void()> what);

private:
  friend class loop;

  /// Calls what waits; after each wake.
  void run();

  /// The loop has ended.
  void shut();

  std::mutex mutex_;
  // Guarded by `mutex_`.
  loop* home_;
  std::vector<std::function<void()>> inbox_;
};

} // namespace switchboard::net
