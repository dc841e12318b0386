#pragma once

#include <string>
#include <vector>

#include <switchboard/options.hpp>

namespace switchboard::flows {

/// Something wrong with a flow, found before it runs.
struct diagnostic {
  source_place at;
  std::string message;
};

using diagnostics = std::vector<diagnostic>;

} // namespace switchboard::flows
