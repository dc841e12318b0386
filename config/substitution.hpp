#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"

namespace switchboard::config {

/// A string whose `${NAME}` and `${file:PATH}` were replaced.
struct substituted {
  std::string value;
  /// Whether anything was replaced.
  bool replaced = false;
  /// One for each `${…}` that cannot be replaced; `value` is no good then.
  std::vector<std::string> problems;
};

/// Replaces every `${…}` once; what comes in is not read again. A `$` that no
/// brace follows stands for itself.
/// @param directory where relative paths begin.
substituted substitute(std::string_view text, const environment& env,
                       const std::filesystem::path& directory);

} // namespace switchboard::config
