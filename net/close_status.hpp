#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <switchboard/close_code.hpp>

#include "net/frame.hpp"
#include "net/utf8.hpp"

namespace switchboard::net {

/// What a close frame carries: a code and a reason of at most 123 bytes of
/// UTF-8.
struct close_status {
  /// `close_codes::no_status` where the frame was empty.
  close_code code = close_codes::no_status;
  std::string reason;
};

/// Reads a close frame's payload by the rules of RFC 6455 §5.5.1 and §7.4.
/// @returns 0 where it is valid, an empty one included; else the code to answer
///          with: 1002 for a lone byte or a code that may not be sent, 1007 for
///          a reason that is not UTF-8.
close_code read_close_status(std::span<const std::byte> payload,
                             close_status& out);

/// Writes a close frame's payload. `no_status` and other codes that may not be
/// sent write none; a reason is cut at a code point's end, at 123 bytes or
/// before the first byte that is not UTF-8.
/// @returns the bytes written.
std::size_t write_close_status(std::span<std::byte, max_control_payload> out,
                               close_code code,
                               std::string_view reason) noexcept;

} // namespace switchboard::net
