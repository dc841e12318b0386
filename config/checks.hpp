#pragma once

#include "config/draft.hpp"
#include "config/value_reader.hpp"

namespace switchboard::config {

/// What no section can tell alone about listeners, configurations and the
/// admin address.
void check_services(reading& shared, const draft& read);

/// What no `[[outbound]]` can tell alone; also completes
/// `outbound_options::config`.
void check_outbound(reading& shared, draft& read);

/// What no flow can tell alone; also completes `flow_options::config`.
void check_flows(reading& shared, draft& read);

/// `is no NAME, the nearest is …` for a name that nothing has.
/// @param kind what is missing, as `http_listener`.
std::string unknown_name(const text& name, std::string_view kind,
                         std::vector<std::string_view> known);

} // namespace switchboard::config
