#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <switchboard/attributes.hpp>
#include <switchboard/closed_by.hpp>

namespace switchboard {

/// The operations of spec §3.
enum class operation_kind : std::uint8_t {
  send,
  broadcast,
  close_socket,
  bulk_close_sockets,
  open_outbound_socket,
  subscribe_groups,
  unsubscribe_groups,
};

inline constexpr std::size_t operation_kinds = 7;

constexpr std::string_view name_of(operation_kind what) noexcept {
  constexpr std::array<std::string_view, operation_kinds> names{
      "send",
      "broadcast",
      "close_socket",
      "bulk_close_sockets",
      "open_outbound_socket",
      "subscribe_groups",
      "unsubscribe_groups"};
  auto index = static_cast<std::size_t>(what);
  return index < names.size() ? names[index] : std::string_view{};
}

/// How long something took, counted by upper bounds.
struct duration_counts {
  /// In seconds.
  static constexpr std::array<double, 14> bounds{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
      0.025,  0.05,    0.1,    0.25,  1.0,    5.0,   30.0};

  /// How many were at most as long as the bound and longer than the one
  /// before; the last: longer than all.
  std::array<std::uint64_t, bounds.size() + 1> counts{};
  std::chrono::nanoseconds sum{0};
};

/// What a switchboard has counted since its start, at one moment. Each number
/// is right; two of them need not be of the same instant.
struct switchboard_statistics {
  struct named_count {
    std::string name;
    std::uint64_t count = 0;
  };

  struct config_sockets {
    std::string config;
    socket_type type = socket_type::inbound;
    socket_state state = socket_state::open;
    std::uint64_t count = 0;
  };

  struct closed_count {
    /// A number up to 1015, or `3000-3999`, `4000-4999`, `other`.
    std::string code;
    closed_by by = closed_by::peer;
    std::uint64_t count = 0;
  };

  struct operation_times {
    operation_kind what = operation_kind::send;
    duration_counts times;
  };

  struct shard {
    /// The longest that something had to wait for its turn, of the last 15
    /// seconds; grows while the shard is stuck.
    std::chrono::nanoseconds lag{0};
    /// Counts up once a second while the shard turns.
    std::uint64_t heartbeats = 0;
  };

  /// Sockets now.
  std::vector<config_sockets> sockets;
  std::uint64_t opened = 0;
  std::vector<closed_count> closed;
  /// Inbound handshakes: `accepted`, `tls_failed`, `abandoned`, `refused_…`
  /// with the status of the answer.
  std::vector<named_count> handshakes;
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  /// Payload, before compression.
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t broadcasts = 0;
  std::uint64_t broadcast_matched = 0;
  /// By error type.
  std::vector<named_count> broadcast_failures;
  std::vector<operation_times> operations;
  /// `succeeded`, `failed`, `given_up`.
  std::vector<named_count> reconnections;
  /// Bytes in send queues now, as of the last turns.
  std::uint64_t send_queue_bytes = 0;
  /// What queues, buffers and sockets hold, as `[limits] memory` counts it.
  std::uint64_t held_bytes = 0;
  /// How often a limit was reached.
  std::vector<named_count> limits;
  std::vector<shard> shards;
};

} // namespace switchboard
