#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <switchboard/options.hpp>

namespace switchboard::config {

/// More parts than the longest dotted key or table header may have.
inline constexpr std::size_t max_key_parts = 32;

/// Where a dotted key first has more than `max_key_parts` parts: the TOML
/// library recurses once a part, which takes the stack of a file such as
/// `a.a.a.…`.
std::optional<source_place> find_deep_key(std::string_view toml);

} // namespace switchboard::config
