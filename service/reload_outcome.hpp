#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/changes.hpp"
#include "config/diagnostic.hpp"

namespace switchboard::service {

/// What came of reading the configuration file again. Holds no values of it.
struct reload_outcome {
  enum class status : std::uint8_t {
    done,
    /// The file is wrong: `diagnostics` say why. Nothing has changed.
    wrong_file,
    /// Not now, or not at all; nothing has changed.
    refused,
    /// The file is right and something else was not, as an address that is
    /// taken: `problem` says what.
    failed,
  };

  status what = status::done;
  bool dry_run = false;
  std::vector<config::key_change> changes = {};
  std::vector<config::diagnostic> diagnostics = {};
  std::string problem = {};

  bool needs_restart() const {
    for (auto& change : changes)
      if (change.effect == config::reload_effect::needs_restart)
        return true;
    return false;
  }
};

} // namespace switchboard::service
