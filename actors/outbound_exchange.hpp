#pragma once

#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/internal.hpp"

namespace switchboard::actors {

/// An outbound socket that is to go.
struct withdrawal {
  /// Who keeps it.
  supervisor_actor keeper;
  std::string socket_id;
};

/// Closes outbound sockets and opens others; one that takes the id of a closed
/// one waits until that is gone. Reports what cannot be opened, and ends.
caf::behavior outbound_exchange(caf::event_based_actor* self,
                                const registry_actor& registry,
                                const std::vector<withdrawal>& unwanted,
                                const std::vector<outbound_options>& wanted,
                                const report_function& report);

} // namespace switchboard::actors
