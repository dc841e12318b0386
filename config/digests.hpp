#pragma once

#include <string>

#include "config/shown.hpp"

namespace switchboard::config {

/// What is wrong with the name of a digest: that OpenSSL does not have it, or
/// that it is not secure. Empty for nothing.
std::string check_digest(const text& name);

} // namespace switchboard::config
