#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace switchboard {

/// What happens to a frame for a socket whose queue is full.
enum class slow_consumer_policy : std::uint8_t {
  /// Close the socket with 1008, reason `slow consumer`.
  close,
  /// Refuse the frame at hand.
  drop_newest,
  /// Make room by dropping the oldest frames that were not begun.
  drop_oldest,
};

/// What stands in place of a configuration's send queue for some sockets.
struct send_queue_options {
  /// In bytes; 0: the configuration's `send_queue_limit`.
  std::size_t limit = 0;
  /// Unset: the configuration's.
  std::optional<slow_consumer_policy> slow_consumer = std::nullopt;

  friend bool operator==(const send_queue_options&,
                         const send_queue_options&) = default;
};

/// What happens to a socket whose peer sends faster than it may.
enum class rate_limit_action : std::uint8_t {
  /// It is not read until it may send again: TCP holds the peer up.
  pause,
  /// Close it with 1008.
  close,
};

/// How fast the peer of one socket may send. What it did not use within the
/// last second it may send at once.
struct rate_limit_options {
  /// Messages and pings a second; 0: no limit.
  std::uint64_t messages = 0;
  /// Bytes a second as they come, headers of frames included; 0: no limit.
  std::uint64_t bytes = 0;
  rate_limit_action action = rate_limit_action::pause;

  friend bool operator==(const rate_limit_options&,
                         const rate_limit_options&) = default;
};

/// `[limits]`: of the whole process.
struct limit_options {
  /// What send queues, buffers and sockets may hold together, in bytes. Above
  /// it new inbound sockets are answered with 503, and the sockets with most in
  /// queues and buffers are closed with 1013.
  std::size_t memory = std::size_t{512} * 1024 * 1024;
  /// Names of groups that have members, over all configurations.
  std::size_t groups = 100'000;

  friend bool operator==(const limit_options&, const limit_options&) = default;
};

} // namespace switchboard
