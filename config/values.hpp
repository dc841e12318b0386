#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace switchboard::config {

/// A value that was read from a string, or what is wrong with the string:
/// words to follow it in a message, as `is negative`.
template <class T>
struct parsed {
  std::optional<T> value;
  std::string_view problem;
};

/// The longest duration that may be configured: deadlines stay within the
/// range of the clocks.
inline constexpr auto max_duration = std::chrono::hours{24 * 36500};

/// Reads an integer or decimal number with one of the units `ns us ms s min
/// h d`, as `250ms` or `1.5h`. Refuses what is negative, finer than a
/// nanosecond or longer than `max_duration`.
parsed<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Reads a number of bytes with one of the units `B KiB MiB GiB`, as `64KiB`
/// or `1.5MiB`. Refuses what is negative, no whole number of bytes or more
/// than 2^63 - 1.
parsed<std::uint64_t> parse_size(std::string_view text);

} // namespace switchboard::config
