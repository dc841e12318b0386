#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace switchboard {

/// A WebSocket close code (RFC 6455 §7.4), as the number on the wire.
using close_code = std::uint16_t;

/// The close codes that have a name in configuration, API and events.
namespace close_codes {
inline constexpr close_code normal_closure = 1000;
inline constexpr close_code endpoint_going_down = 1001;
inline constexpr close_code protocol_error = 1002;
inline constexpr close_code unsupported_data = 1003;
/// Never sent: the peer's close frame had no code.
inline constexpr close_code no_status = 1005;
/// Never sent: the connection was lost without a close frame.
inline constexpr close_code abnormal = 1006;
inline constexpr close_code invalid_data = 1007;
inline constexpr close_code policy_violation = 1008;
inline constexpr close_code message_too_large = 1009;
inline constexpr close_code internal_error = 1011;
inline constexpr close_code try_again_later = 1013;
/// Of our own: the token that a socket was let in with is good no more.
inline constexpr close_code token_expired = 4401;
} // namespace close_codes

/// Whether a code may stand in a close frame: 1000, 1001, 1002, 1003,
/// 1007 to 1014, 3000 to 4999 (RFC 6455 §7.4 and its IANA registry).
constexpr bool is_sendable(close_code code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
         || (code >= 3000 && code <= 4999);
}

/// The reference's name of a code; empty where it has none. 1003 reads as
/// INVALID_DATA, as 1007 does.
constexpr std::string_view name_of(close_code code) noexcept {
  switch (code) {
    case close_codes::normal_closure:
      return "NORMAL_CLOSURE";
    case close_codes::endpoint_going_down:
      return "ENDPOINT_GOING_DOWN";
    case close_codes::protocol_error:
      return "PROTOCOL_ERROR";
    case close_codes::unsupported_data:
    case close_codes::invalid_data:
      return "INVALID_DATA";
    case close_codes::message_too_large:
      return "MESSAGE_TOO_LARGE";
    default:
      return {};
  }
}

/// The name of a code, or its number in decimal.
inline std::string render_close_code(close_code code) {
  auto name = name_of(code);
  return name.empty() ? std::to_string(code) : std::string{name};
}

/// Reads a code given by name or by number.
/// @returns `nullopt` for an unknown name and for a number that
///          `is_sendable` refuses.
inline std::optional<close_code> parse_close_code(std::string_view text) {
  for (auto code :
       {close_codes::normal_closure, close_codes::endpoint_going_down,
        close_codes::protocol_error, close_codes::invalid_data,
        close_codes::message_too_large})
    if (text == name_of(code))
      return code;
  close_code number = 0;
  auto last = text.data() + text.size();
  auto [end, failure] = std::from_chars(text.data(), last, number);
  if (failure != std::errc{} || end != last || !is_sendable(number))
    return std::nullopt;
  return number;
}

/// The most bytes of a close frame's reason (RFC 6455 §5.5).
inline constexpr std::size_t max_close_reason = 123;

} // namespace switchboard
