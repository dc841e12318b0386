#pragma once

#include <lua.hpp>

namespace switchboard::flows {

/// Puts `find`, `match`, `gmatch` and `gsub` into the table on top of the
/// stack: as Lua's own, but each step of the matcher counts as work (see
/// `pattern_matcher`).
void set_pattern_functions(lua_State* state);

} // namespace switchboard::flows
