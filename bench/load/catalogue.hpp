#pragma once

#include <memory>
#include <string>

#include "bench/load/arguments.hpp"
#include "bench/load/idle.hpp"
#include "bench/load/slice.hpp"

namespace switchboard::bench {

/// The options of all scenarios, for a help text.
extern const char* const scenario_help;

/// Makes a scenario from its options: echo, fanout, connect, churn or api. Does
/// not call `arguments::finish`. Throws `wrong_usage`.
std::unique_ptr<scenario> make_scenario(const std::string& name,
                                        arguments& given);

/// What a scenario counts, as in `echoes`.
const char* unit_of(const std::string& scenario);

/// The scenario `idle`, of the process `--pid`.
idle_result run_idle(arguments& given);

} // namespace switchboard::bench
