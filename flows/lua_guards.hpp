#pragma once

#include <lua.hpp>

namespace switchboard::flows {

/// Pushes a read-only table with all that expressions may use of Lua: the
/// harmless base functions and `string`, `table`, `math`, `utf8`. Functions
/// whose work grows with their arguments pay for it (see `lua_budget`).
/// Nothing that is left can change a metatable, so the libraries are the same
/// for every evaluation. Call it in protected mode, once a state.
void push_libraries(lua_State* state);

/// Makes the table on top of the stack read-only: puts an empty table in its
/// place that reads from it and refuses to be written.
void make_read_only(lua_State* state);

} // namespace switchboard::flows
