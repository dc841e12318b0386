#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/document.hpp"
#include "config/environment.hpp"
#include "config/key_values.hpp"
#include "config/shown.hpp"

namespace switchboard::config {

/// What a file says, or everything that is wrong with it.
struct load_result {
  /// Complete only where `diagnostics` is empty.
  document value;
  /// In the order of the file.
  std::vector<diagnostic> diagnostics;
  /// What the next reading is compared with.
  key_values keys = {};
  /// The strings that may hold expressions, for messages about these.
  std::vector<text> templates = {};
};

/// Reads the text of a configuration file; a thing that is wrong is reported
/// and does not hide the next.
/// @param directory where relative paths in the text begin.
/// @param env what `${NAME}` and `${file:PATH}` are replaced from.
load_result load(std::string_view text, const std::filesystem::path& directory,
                 const environment& env = process_environment());

/// Reads a configuration file; one that cannot be read gives one diagnostic
/// without a place.
load_result load_file(const std::filesystem::path& file,
                      const environment& env = process_environment());

} // namespace switchboard::config
