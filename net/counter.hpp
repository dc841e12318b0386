#pragma once

#include <atomic>
#include <cstdint>

namespace switchboard::net {

/// A number that one thread writes and any thread reads: no lock prefix, no
/// cache line that two writers share.
class counter {
public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n,
                 std::memory_order_relaxed);
  }

  void set(std::uint64_t n) noexcept {
    value_.store(n, std::memory_order_relaxed);
  }

  std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// What the connections of one loop have done; on cache lines of its own.
struct alignas(64) traffic_counters {
  counter messages_received;
  counter messages_sent;
  counter bytes_received;
  counter bytes_sent;
  /// Bytes in send queues; a difference may wrap around.
  counter queued_bytes;
  /// Queues that were full when a message came.
  counter full_queues;
  /// Messages that were too large.
  counter oversized;
  /// Peers that sent more messages, or more bytes, a second than they may.
  counter message_rates;
  counter byte_rates;
  /// What frames, queues, buffers and sockets hold; a difference may wrap
  /// around. See `memory_account`.
  counter held_bytes;
  /// Peers that had to go because the process got no memory for what they sent.
  counter starved;
};

} // namespace switchboard::net
