#pragma once

#include <string>
#include <vector>

#include <switchboard/options.hpp>

namespace switchboard::flows {

/// Something wrong with a flow, found before it runs.
struct diagnostic {
  source_place at;
  std::string message;
  /// Whether an expression is wrong, which only Lua can tell; the other
  /// mistakes a reader of configuration files finds as well.
  bool in_expression = false;
};

using diagnostics = std::vector<diagnostic>;

} // namespace switchboard::flows
