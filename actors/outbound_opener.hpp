#pragma once

#include <vector>

#include <caf/all.hpp>

#include <switchboard/interfaces.hpp>
#include <switchboard/switchboard.hpp>

namespace switchboard::actors {

/// Asks for the outbound sockets that should always exist, reports those that
/// cannot be had, and ends.
caf::behavior outbound_opener(caf::event_based_actor* self,
                              const registry_actor& registry,
                              const std::vector<outbound_options>& wanted,
                              const report_function& report);

} // namespace switchboard::actors
