#include "flows/lua_guards.hpp"

#include <bit>
#include <cstdint>
#include <span>

#include "flows/lua_budget.hpp"
#include "flows/lua_strings.hpp"

// Lua leaves a function by longjmp where it raises an error: nothing in here
// that is alive across a call into Lua may have a destructor.

namespace switchboard::flows {

namespace {

/// What makes a library function slow.
enum class cost : std::uint8_t {
  /// The length of its string arguments; also where it has none.
  strings,
  /// `string.rep`
  repetition,
  /// The elements of a table from a place on: `table.insert`, `table.remove`.
  shift,
  /// A range of elements: `table.concat` (from argument 3), `table.unpack`
  /// (from argument 2).
  concat,
  unpack,
  /// `table.move`
  move,
  /// `table.sort`
  sort,
  /// The number of arguments.
  arguments,
};

struct guarded_function {
  const char* name;
  cost of;
};

constexpr guarded_function base_functions[] = {
    {"assert", cost::arguments},   {"ipairs", cost::arguments},
    {"next", cost::arguments},     {"pairs", cost::arguments},
    {"rawequal", cost::arguments}, {"rawget", cost::arguments},
    {"rawlen", cost::arguments},   {"select", cost::arguments},
    {"tonumber", cost::strings},   {"tostring", cost::strings},
    {"type", cost::arguments}};

constexpr guarded_function string_functions[] = {
    {"byte", cost::strings},     {"char", cost::arguments},
    {"format", cost::strings},   {"len", cost::arguments},
    {"lower", cost::strings},    {"pack", cost::strings},
    {"packsize", cost::strings}, {"rep", cost::repetition},
    {"reverse", cost::strings},  {"sub", cost::arguments},
    {"unpack", cost::strings},   {"upper", cost::strings}};

constexpr guarded_function table_functions[] = {
    {"concat", cost::concat},  {"insert", cost::shift}, {"move", cost::move},
    {"pack", cost::arguments}, {"remove", cost::shift}, {"sort", cost::sort},
    {"unpack", cost::unpack}};

constexpr guarded_function utf8_functions[] = {{"char", cost::arguments},
                                               {"codepoint", cost::strings},
                                               {"codes", cost::strings},
                                               {"len", cost::strings},
                                               {"offset", cost::strings}};

/// How many numbers a range from first to last holds, without overflow.
std::uint64_t range_size(lua_Integer first, lua_Integer last) {
  return last < first ? 0
                      : static_cast<std::uint64_t>(last)
                            - static_cast<std::uint64_t>(first);
}

lua_Integer table_size(lua_State* state, int index) {
  return lua_istable(state, index)
             ? static_cast<lua_Integer>(lua_rawlen(state, index))
             : 0;
}

std::uint64_t strings_cost(lua_State* state) {
  std::uint64_t bytes = 0;
  for (int i = 1; i <= lua_gettop(state); ++i)
    if (lua_type(state, i) == LUA_TSTRING)
      bytes += lua_rawlen(state, i);
  return bytes / 64;
}

std::uint64_t repetition_cost(lua_State* state) {
  // Lua counts to the end even where there is nothing to repeat; the result's
  // size is counted where it is allocated.
  auto times = luaL_optinteger(state, 2, 0);
  return times > 0 ? static_cast<std::uint64_t>(times) / 64 : 0;
}

std::uint64_t shift_cost(lua_State* state) {
  auto size = table_size(state, 1);
  auto moving = lua_gettop(state) >= 2 && lua_isinteger(state, 2) != 0;
  return moving ? range_size(lua_tointeger(state, 2), size) / 8 : 0;
}

std::uint64_t range_cost(lua_State* state, int from) {
  return range_size(luaL_optinteger(state, from, 1),
                    luaL_optinteger(state, from + 1, table_size(state, 1)))
         / 8;
}

std::uint64_t cost_of(lua_State* state, cost what) {
  switch (what) {
    case cost::strings:
      return strings_cost(state);
    case cost::repetition:
      return repetition_cost(state);
    case cost::shift:
      return shift_cost(state);
    case cost::concat:
      return range_cost(state, 3);
    case cost::unpack:
      return range_cost(state, 2);
    case cost::move:
      return range_size(luaL_optinteger(state, 2, 1),
                        luaL_optinteger(state, 3, 0))
             / 8;
    case cost::sort: {
      auto size = static_cast<std::uint64_t>(table_size(state, 1));
      return size * std::bit_width(size) / 4;
    }
    case cost::arguments:
      return static_cast<std::uint64_t>(lua_gettop(state)) / 8;
  }
  return 0;
}

/// Upvalues: the function, its cost.
int call_guarded(lua_State* state) {
  auto what = static_cast<cost>(lua_tointeger(state, lua_upvalueindex(2)));
  lua_budget::of(state).charge(state, cost_of(state, what));
  auto count = lua_gettop(state);
  luaL_checkstack(state, 1, "too many arguments");
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, count, LUA_MULTRET);
  return lua_gettop(state);
}

int refuse_write(lua_State* state) {
  return luaL_error(state, "libraries cannot be changed");
}

/// Copies functions, guarded, from the library below the top to the table on
/// top.
void copy_guarded(lua_State* state,
                  std::span<const guarded_function> functions) {
  for (auto& function : functions) {
    lua_getfield(state, -2, function.name);
    lua_pushinteger(state, static_cast<lua_Integer>(function.of));
    lua_pushcclosure(state, call_guarded, 2);
    lua_setfield(state, -2, function.name);
  }
}

void copy_fields(lua_State* state, std::span<const char* const> names) {
  for (auto name : names) {
    lua_getfield(state, -2, name);
    lua_setfield(state, -2, name);
  }
}

/// Opens a library of Lua's and pushes it, then an empty table.
void begin_library(lua_State* state, const char* name, lua_CFunction open) {
  luaL_requiref(state, name, open, 0);
  lua_newtable(state);
}

/// Puts the table on top, read-only, into the table below the library.
void end_library(lua_State* state, const char* name) {
  make_read_only(state);
  lua_setfield(state, -3, name);
  lua_pop(state, 1);
}

void add_math(lua_State* state) {
  // Without `randomseed`: what one evaluation sets, no other may see.
  static constexpr const char* names[] = {
      "abs",  "acos",       "asin",      "atan", "ceil", "cos",    "deg",
      "exp",  "floor",      "fmod",      "huge", "log",  "max",    "maxinteger",
      "min",  "mininteger", "modf",      "pi",   "rad",  "random", "sin",
      "sqrt", "tan",        "tointeger", "type", "ult"};
  begin_library(state, LUA_MATHLIBNAME, luaopen_math);
  copy_fields(state, names);
  end_library(state, LUA_MATHLIBNAME);
}

void add_utf8(lua_State* state) {
  static constexpr const char* names[] = {"charpattern"};
  begin_library(state, LUA_UTF8LIBNAME, luaopen_utf8);
  copy_guarded(state, utf8_functions);
  copy_fields(state, names);
  end_library(state, LUA_UTF8LIBNAME);
}

void add_string(lua_State* state) {
  begin_library(state, LUA_STRLIBNAME, luaopen_string);
  copy_guarded(state, string_functions);
  set_pattern_functions(state);
  // What `("text"):name()` finds.
  lua_pushliteral(state, "");
  lua_getmetatable(state, -1);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pop(state, 2);
  end_library(state, LUA_STRLIBNAME);
}

} // namespace

void make_read_only(lua_State* state) {
  lua_newtable(state);
  lua_createtable(state, 0, 2);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, refuse_write);
  lua_setfield(state, -2, "__newindex");
  lua_setmetatable(state, -2);
  lua_remove(state, -2);
}

void push_libraries(lua_State* state) {
  lua_newtable(state);
  luaL_requiref(state, LUA_GNAME, luaopen_base, 0);
  lua_pushvalue(state, -2);
  copy_guarded(state, base_functions);
  static constexpr const char* names[] = {"_VERSION"};
  copy_fields(state, names);
  lua_pop(state, 2);
  add_string(state);
  begin_library(state, LUA_TABLIBNAME, luaopen_table);
  copy_guarded(state, table_functions);
  end_library(state, LUA_TABLIBNAME);
  add_math(state);
  add_utf8(state);
}

} // namespace switchboard::flows
