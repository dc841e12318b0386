#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchboard {

/// Who or what ended a socket.
enum class closed_by : std::uint8_t {
  /// The peer's close frame came first.
  peer,
  /// An operation: close_socket, bulk_close_sockets, a handler's own call.
  operation,
  /// Idle for too long, or a ping was not answered.
  timeout,
  /// The send queue was full and the policy says close.
  slow_consumer,
  /// What the peer sent breaks the protocol or is too large.
  protocol_error,
  /// A handler died, or refused the connection event.
  handler,
  /// The switchboard stops.
  shutdown,
  /// TCP or TLS ended without a close frame; for an outbound socket also: its
  /// strategy is spent.
  lost,
  /// The peer sent faster than it may, or memory had run out.
  limit,
  /// The token that it was let in with is good no more.
  token_expired,
};

inline constexpr std::size_t closed_by_count = 10;

/// As in logs, metrics and the management API.
constexpr std::string_view name_of(closed_by who) noexcept {
  constexpr std::array<std::string_view, closed_by_count> names{
      "peer",    "operation", "timeout", "slow_consumer", "protocol_error",
      "handler", "shutdown",  "lost",    "limit",         "token_expired"};
  auto index = static_cast<std::size_t>(who);
  return index < names.size() ? names[index] : std::string_view{};
}

} // namespace switchboard
