#pragma once

#include <string>

#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads `username`: not empty, without a colon, which would end it (RFC 7617
/// §2), and without control characters.
bool read_username(const table_reader& table, std::string& out);

/// Reads `password`: without control characters. No message repeats it, also
/// where it stands in the file itself.
bool read_password(const table_reader& table, std::string& out);

/// Reads the name of an NTLM domain or workstation.
bool read_ntlm_name(const table_reader& table, std::string_view name,
                    std::string& out);

} // namespace switchboard::config
