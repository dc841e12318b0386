#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchboard::net {

/// What a `traceparent` header says (W3C Trace Context §3.2).
struct trace_parent {
  /// 32 hexadecimal digits in lower case, not all of them zero.
  std::string_view trace_id;
  /// Two hexadecimal digits.
  std::string_view flags;
};

/// @returns views into the text; `nullopt` where it is malformed.
std::optional<trace_parent> parse_traceparent(std::string_view text) noexcept;

/// The header of a call that belongs to the same trace.
/// @param span of the call, not zero.
std::string make_traceparent(const trace_parent& parent, std::uint64_t span);

/// Whether a `tracestate` may be passed on: printable ASCII without blanks at
/// its ends, at most 512 bytes (§3.3.1.5).
bool is_tracestate(std::string_view text) noexcept;

} // namespace switchboard::net
