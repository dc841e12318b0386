#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>

#include <switchboard/switchboard.hpp>

namespace switchboard::service {

enum class drain_stage : std::uint8_t { none, draining, drained };

/// As the management API shows it.
std::string_view name_of(drain_stage stage) noexcept;

/// Takes a switchboard out of service: not ready any more, a pause for the
/// load balancers, then every socket closed in batches. Any thread.
class drain {
public:
  /// @param what must outlive this.
  drain(instance& what, drain_options how);

  /// Waits until a drain under way is over, without the rest of its pause.
  ~drain();

  /// Begins in the background, for a process that goes on. Once; again it does
  /// nothing.
  void begin();

  /// Begins for a process that ends: returns after the pause, or at once where
  /// the drain has begun before.
  void pause();

  /// Returns when every socket is gone. After `pause`.
  void finish();

  drain_stage stage() const;

  /// Another way to do it; a drain that has begun goes on as it was.
  void change(drain_options how);

  drain(const drain&) = delete;
  drain& operator=(const drain&) = delete;

private:
  void run();
  void wait_for_pause(std::unique_lock<std::mutex>& guard);

  instance& what_;
  mutable std::mutex mutex_;
  std::condition_variable hurried_;
  // Guarded by `mutex_`.
  drain_options how_;
  drain_stage stage_ = drain_stage::none;
  bool in_a_hurry_ = false;
  std::thread background_;
};

} // namespace switchboard::service
