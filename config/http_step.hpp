#pragma once

#include <optional>

#include <switchboard/flow_options.hpp>

#include "config/draft.hpp"
#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads the parameters of the step http_request.
/// @param notes takes the names it refers to.
/// @returns `nullopt` where it has no target.
std::optional<http_request_step> read_http_request(const value_reader& value,
                                                   flow_draft& notes);

} // namespace switchboard::config
