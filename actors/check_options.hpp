#pragma once

#include <caf/error.hpp>

#include <switchboard/options.hpp>

namespace switchboard::actors {

/// Looks for contradictions between options. The configuration file's reader
/// finds them too, with their places; an embedder fills the structs by hand.
/// @returns INVALID_ARGUMENT for the first.
caf::error check_options(const switchboard_options& options);

} // namespace switchboard::actors
