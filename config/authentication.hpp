#pragma once

#include <optional>

#include <switchboard/authentication_options.hpp>

#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads `[http_listener.NAME.authentication]`.
/// @returns none where its type is unknown.
std::optional<listener_authentication>
read_authentication(const value_reader& value);

} // namespace switchboard::config
