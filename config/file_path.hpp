#pragma once

#include <string>
#include <string_view>

#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads the name of a file; a relative one begins where the configuration's
/// file is.
/// @param name the key.
void read_file_path(const table_reader& table, std::string& out,
                    std::string_view name = "path");

} // namespace switchboard::config
