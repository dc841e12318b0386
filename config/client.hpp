#pragma once

#include "config/draft.hpp"
#include "config/value_reader.hpp"

namespace switchboard::config {

/// Reads `[websocket.NAME.client]`.
/// @param notes receives what the cross checks need.
client_options read_client(const value_reader& value, websocket_draft& notes);

} // namespace switchboard::config
