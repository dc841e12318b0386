#pragma once

namespace switchboard::service {

/// Runs what the command line asks for; complaints go to standard error.
/// @returns the exit code.
int run_command_line(int argc, const char* const* argv);

} // namespace switchboard::service
