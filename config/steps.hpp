#pragma once

#include <vector>

#include <switchboard/flow_options.hpp>

#include "config/draft.hpp"
#include "config/value_reader.hpp"

namespace switchboard::config {

/// Steps within steps that a flow may have.
inline constexpr std::size_t max_step_depth = 32;

/// Reads an array of steps; those that are wrong are left out.
/// @param notes receives what the cross checks need.
std::vector<step_options> read_steps(const value_reader& value,
                                     flow_draft& notes);

} // namespace switchboard::config
