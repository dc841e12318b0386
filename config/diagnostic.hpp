#pragma once

#include <string>
#include <string_view>

#include <switchboard/options.hpp>

namespace switchboard::config {

/// One wrong thing in a configuration file.
struct diagnostic {
  /// 0:0 where no place in the file is to blame, as when it cannot be read.
  source_place at;
  /// The full key, as `http_listener.main.port` or `flow[0].steps[2].log`;
  /// arrays count from 0. Empty where the text is no TOML.
  std::string key;
  /// What is wrong, what was expected. Never a secret's value.
  std::string message;
};

/// `FILE:LINE:COLUMN: key: what is wrong, what was expected`; without place
/// and key where there is none.
std::string render(const diagnostic& what, std::string_view file);

} // namespace switchboard::config
