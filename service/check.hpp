#pragma once

#include <filesystem>
#include <memory>
#include <ostream>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "flows/program.hpp"

namespace switchboard::service {

/// A configuration that was read and whose flows were compiled.
struct checked_configuration {
  config::document value;
  /// Null where there are diagnostics.
  std::shared_ptr<const flows::program> program;
  /// Of file and flows, by line and column.
  std::vector<config::diagnostic> diagnostics;
  /// What the next reading is compared with.
  config::key_values keys = {};
};

/// Compiles the flows of what was read.
checked_configuration check(config::load_result read);

/// Writes each diagnostic on a line of its own.
void print(std::ostream& to, const std::vector<config::diagnostic>& what,
           std::string_view file);

/// `switchboard check FILE`.
/// @returns the exit code.
int run_check(const std::filesystem::path& file);

} // namespace switchboard::service
