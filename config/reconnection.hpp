#pragma once

#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads a `backoff` table.
void read_backoff(const value_reader& value, backoff_options& out);

/// Reads a `reconnection` table: of a configuration, a source or an
/// operation.
reconnection_options read_reconnection(const value_reader& value);

/// The same for a key of a table; unset where it is absent.
std::optional<reconnection_options>
read_reconnection(const table_reader& table);

} // namespace switchboard::config
