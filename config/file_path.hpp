#pragma once

#include <string>

#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads the key `path`, the name of a file; a relative one begins where the
/// configuration's file is.
void read_file_path(const table_reader& table, std::string& out);

} // namespace switchboard::config
