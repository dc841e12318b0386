#pragma once

#include <filesystem>
#include <optional>

namespace switchboard::service {

/// `switchboard run [FILE]`: serves until a signal ends it.
/// @param file none: the built-in demonstration.
/// @returns the exit code.
int run_service(const std::optional<std::filesystem::path>& file);

} // namespace switchboard::service
