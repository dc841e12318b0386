#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/environment.hpp"

namespace switchboard::config {

/// The parts of a key, as `websocket`, `main`, `server`, `ping_interval`.
using key_path = std::vector<std::string>;

/// Every key of a file with its value in one spelling, `${…}` replaced: what
/// two readings of a file are compared by. Holds secrets, so no value is ever
/// shown. A `[[flow]]` is known by its name, a `[[outbound]]` by its socket id
/// or, without one, by what it holds; either, and each named table of the
/// other sections, has an entry of its own beside those of its keys.
using key_values = std::map<key_path, std::string>;

/// As a message shows it, as `websocket.main.server.ping_interval`.
std::string to_string(const key_path& key);

} // namespace switchboard::config
