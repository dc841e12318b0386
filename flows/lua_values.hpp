#pragma once

#include <cstddef>

#include <lua.hpp>

#include "flows/value.hpp"

namespace switchboard::flows {

/// Makes what `push_value` and `read_value` need in a state. In protected
/// mode, once a state.
void prepare_values(lua_State* state);

/// Pushes a value; a JSON document as what it holds, any other as a string.
/// In protected mode: raises a Lua error where memory ends.
/// @pre the JSON of a document was parsed before (`document::json`).
void push_value(lua_State* state, const value& x);

/// Pushes JSON. In protected mode.
void push_json(lua_State* state, const boost::json::value& x);

/// Reads a result. Tables with the keys 1 to n become lists, others maps
/// with their keys sorted; an empty table a map unless it was a list before.
/// Raises no Lua error. Throws `failure` (EXPRESSION) for what has no value
/// outside of Lua: functions, tables that are nested too deep or too large.
/// @param max_bytes bounds the size of what a table becomes.
value read_value(lua_State* state, int index, std::size_t max_bytes);

} // namespace switchboard::flows
