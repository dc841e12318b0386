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
  /// An operation: close_socket, a handler's own call.
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
  /// TCP or TLS failed: the peer has reset it, or cannot be reached.
  lost,
  /// The peer sent faster than it may, or memory had run out.
  limit,
  /// The peer ended TCP without a close frame.
  hung_up,
  /// The strategy of an outbound socket that was lost is spent.
  given_up,
  /// bulk_close_sockets, or a group that was told to close.
  bulk_close,
  /// The token that it was let in with is good no more.
  token_expired,
};

inline constexpr std::size_t closed_by_count = 13;

/// As in logs, metrics and the management API.
constexpr std::string_view name_of(closed_by who) noexcept {
  constexpr std::array<std::string_view, closed_by_count> names{
      "peer",           "operation", "timeout",  "slow_consumer",
      "protocol_error", "handler",   "shutdown", "lost",
      "limit",          "hung_up",   "given_up", "bulk_close",
      "token_expired"};
  auto index = static_cast<std::size_t>(who);
  return index < names.size() ? names[index] : std::string_view{};
}

} // namespace switchboard
