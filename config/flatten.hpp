#pragma once

#include <filesystem>

#include <toml++/toml.h>

#include "config/environment.hpp"
#include "config/key_values.hpp"

namespace switchboard::config {

/// Takes a file apart into its keys. What cannot be replaced stays as it is.
key_values flatten(const toml::table& root, const environment& env,
                   const std::filesystem::path& directory);

} // namespace switchboard::config
