#pragma once

#include <string>

namespace switchboard::config {

/// Whether ICU knows an encoding by this name.
bool is_encoding(const std::string& name);

} // namespace switchboard::config
