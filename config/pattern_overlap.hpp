#pragma once

#include <switchboard/path_pattern.hpp>

namespace switchboard::config {

/// Whether any path matches both patterns.
bool overlap(const path_pattern& x, const path_pattern& y);

} // namespace switchboard::config
