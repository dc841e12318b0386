#pragma once

#include <cstdint>

namespace switchboard {

/// Where a value stands in a configuration file. Line and column count from
/// 1; both are 0 for options that were filled in code.
struct source_place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator==(const source_place&, const source_place&) = default;
};

} // namespace switchboard
