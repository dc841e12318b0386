#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <switchboard/close_code.hpp>
#include <switchboard/statistics.hpp>

#include "net/counter.hpp"

namespace switchboard::actors {

using net::counter;

/// Durations, counted by one thread.
class duration_counter {
public:
  void add(std::chrono::nanoseconds how_long) noexcept;

  /// Adds what was counted.
  void collect(duration_counts& to) const noexcept;

private:
  std::array<counter, duration_counts::bounds.size() + 1> counts_;
  counter sum_;
};

/// Limits that a listener or a socket can run into.
enum class limit_kind : std::uint8_t {
  /// `max_connections` of a listener.
  connections,
  /// `max_header_size`.
  header_size,
  /// `handshake_timeout`.
  handshake_time,
  /// Descriptors or memory of the kernel, when a connection came.
  descriptors,
  /// `max_groups_per_socket`.
  groups_per_socket,
  /// `max_connections_per_address` of a listener.
  connections_per_address,
  /// `max_handshakes` of a listener.
  handshakes,
  /// `max_connection_rate` of a listener.
  connection_rate,
  /// `[limits] memory`: a socket was refused or closed. Those that the process
  /// had no memory for are counted by their connections.
  memory,
  /// `[limits] groups`.
  groups,
};

inline constexpr std::size_t limit_kinds = 10;

std::string_view name_of(limit_kind what) noexcept;

/// Closings by code and by whom. Codes of applications share a place, so that
/// a peer cannot make up labels.
class closing_counter {
public:
  void add(close_code code, closed_by by) noexcept;
  void collect(std::vector<switchboard_statistics::closed_count>& to) const;

private:
  /// 1000 to 1015, 3000-3999, 4000-4999, other.
  static constexpr std::size_t codes = 19;

  std::array<std::array<counter, closed_by_count>, codes> counts_;
};

/// Ends of inbound handshakes.
class handshake_counter {
public:
  void accepted() noexcept {
    counts_[0].add();
  }

  void abandoned() noexcept {
    counts_[1].add();
  }

  /// @param status of the answer; 0: TLS failed.
  void refused(unsigned status) noexcept;

  void collect(std::vector<switchboard_statistics::named_count>& to) const;

private:
  static constexpr std::array<unsigned, 14> statuses{
      0, 0, 0, 400, 401, 403, 404, 405, 408, 426, 429, 431, 503, 505};

  static std::string name_at(std::size_t index);

  /// The last: refused with another status.
  std::array<counter, statuses.size() + 1> counts_;
};

/// What one shard counts besides its loop's traffic. Written by its thread.
struct alignas(64) shard_counters {
  counter opened;
  closing_counter closed;
  handshake_counter handshakes;
  std::array<counter, limit_kinds> limits;
  duration_counter sends;
  duration_counter closings;
  duration_counter subscriptions;
  duration_counter unsubscriptions;
  counter heartbeats;
  /// Nanoseconds of the steady clock at the last heartbeat.
  counter last_heartbeat;
  counter lag_nanoseconds;

  void reached(limit_kind what) noexcept {
    limits[static_cast<std::size_t>(what)].add();
  }
};

/// What the registry counts. Written by it.
struct alignas(64) registry_counters {
  counter broadcasts;
  counter broadcast_matched;
  /// By `errc`; the last: another.
  std::array<counter, 32> broadcast_failures;
  duration_counter broadcast_times;
  duration_counter bulk_closings;
};

/// What the keeper of a configuration's outbound sockets counts. Written by
/// its supervisor.
struct alignas(64) keeper_counters {
  counter succeeded;
  counter failed;
  counter given_up;
  duration_counter openings;
  /// Openings that had to wait for a place below `max_connections`.
  counter waits_for_place;
};

} // namespace switchboard::actors
