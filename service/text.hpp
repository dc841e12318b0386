#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace switchboard::service {

/// The first code point of a text that may be broken.
struct code_point {
  /// The bytes that make it up: never empty, one where they are not UTF-8.
  std::string_view bytes;
  char32_t value = 0;
  bool valid = false;
};

/// Takes the first code point off a text that is not empty.
code_point take_code_point(std::string_view& text) noexcept;

/// The text with U+FFFD for each byte that is not UTF-8.
std::string to_valid_utf8(std::string_view text);

/// RFC 3339 in UTC with milliseconds: `2026-01-01T00:00:00.000Z`.
/// @param nanoseconds since the Unix epoch.
std::string to_rfc3339(std::int64_t nanoseconds);

/// Lower case of ASCII letters; all other bytes stay.
std::string to_lower(std::string_view text);

/// Percent-encoded as one segment of a path or one value of a query
/// (RFC 3986 §2.3).
std::string percent_encoded(std::string_view text);

} // namespace switchboard::service
