#pragma once

#include <span>
#include <string>
#include <string_view>

namespace switchboard::config {

/// The known word that takes the fewest insertions, deletions, replacements
/// and swaps of neighbors to reach; the first of several; empty for none
/// known. Case does not count.
std::string_view nearest(std::string_view word,
                         std::span<const std::string_view> known);

} // namespace switchboard::config
