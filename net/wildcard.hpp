#pragma once

#include <string_view>

namespace switchboard::net {

/// Whether a text matches a pattern without regard to case (ASCII); `*` in
/// the pattern matches any run of characters.
bool matches_wildcards(std::string_view text,
                       std::string_view pattern) noexcept;

} // namespace switchboard::net
