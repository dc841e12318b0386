#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace switchboard::actors {

/// A header that handshakes often have. What every client says needs no memory
/// of its own for each socket (as RFC 7541 appendix A, for what clients of
/// WebSockets send).
struct known_header {
  /// In lower case.
  std::string_view name;
  /// Empty where only the name is known.
  std::string_view value;
};

/// Where a header stands in the table; the name alone where the value is
/// another.
/// @returns none for a name that is not there.
std::optional<std::uint8_t> find_known_header(std::string_view name,
                                              std::string_view value) noexcept;

/// @param index as `find_known_header` returns it
known_header known_header_at(std::uint8_t index) noexcept;

} // namespace switchboard::actors
