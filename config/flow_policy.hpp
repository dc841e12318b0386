#pragma once

#include <switchboard/flow_options.hpp>

#include "config/draft.hpp"
#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads the keys `redelivery`, `retry` and `dead_letter` of a flow, whose
/// source is known by now.
/// @param notes takes the names they refer to.
void read_flow_policy(const table_reader& table, flow_options& options,
                      flow_draft& notes);

} // namespace switchboard::config
