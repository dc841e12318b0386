#include "flows/lua_strings.hpp"

#include <cctype>
#include <cstring>
#include <limits>
#include <string_view>

#include "flows/lua_budget.hpp"
#include "flows/pattern_matcher.hpp"

// Lua leaves a function by longjmp where it raises an error: nothing in here
// that is alive across a call into Lua may have a destructor.

namespace switchboard::flows {

namespace {

/// Steps of the matcher that cost as much as one instruction.
constexpr std::uint64_t steps_per_instruction = 16;

/// A matcher and what of its steps was paid for.
struct search {
  search(lua_State* state, std::string_view subject, std::string_view pattern)
      : state(state),
        matcher(subject, pattern,
                lua_budget::of(state).left() * steps_per_instruction) {
    // nop
  }

  void pay() {
    auto steps = matcher.steps() - paid;
    paid = matcher.steps();
    lua_budget::of(state).charge(state, steps / steps_per_instruction);
  }

  /// Matches at one place; null for none.
  const char* at(const char* where) {
    const char* end = nullptr;
    const char* problem = nullptr;
    try {
      end = matcher.match_at(where);
    } catch (const pattern_error& what) {
      problem = what.text;
    }
    if (problem != nullptr) {
      if (matcher.out_of_steps())
        lua_budget::of(state).charge(state,
                                     std::numeric_limits<std::uint64_t>::max());
      luaL_error(state, "%s", problem);
    }
    return end;
  }

  /// Pushes one capture; the whole match for the first where there is none.
  void push(int index, const char* begin, const char* end) {
    if (index >= matcher.captures()) {
      if (index != 0)
        luaL_error(state, "invalid capture index %%%d", index + 1);
      lua_pushlstring(state, begin, static_cast<std::size_t>(end - begin));
      return;
    }
    auto& found = matcher[index];
    if (found.size == pattern_matcher::unclosed)
      luaL_error(state, "unfinished capture");
    if (found.size == pattern_matcher::position)
      lua_pushinteger(state, found.start - subject_begin + 1);
    else
      lua_pushlstring(state, found.start, static_cast<std::size_t>(found.size));
  }

  /// Pushes all captures, or the whole match where there are none.
  /// @param begin null: no whole match then.
  int push_all(const char* begin, const char* end) {
    auto count =
        matcher.captures() == 0 && begin != nullptr ? 1 : matcher.captures();
    luaL_checkstack(state, count, "too many captures");
    for (int i = 0; i < count; ++i)
      push(i, begin, end);
    return count;
  }

  lua_State* state;
  pattern_matcher matcher;
  std::uint64_t paid = 0;
  const char* subject_begin = nullptr;
};

std::string_view check_string(lua_State* state, int index) {
  std::size_t size = 0;
  auto data = luaL_checklstring(state, index, &size);
  return {data, size};
}

search make_search(lua_State* state, std::string_view subject,
                   std::string_view pattern) {
  search result{state, subject, pattern};
  result.subject_begin = subject.data();
  return result;
}

/// Where to begin, from 0; behind the end + 1 means nowhere.
std::size_t start_of(lua_State* state, int index, std::size_t size) {
  auto from = luaL_optinteger(state, index, 1);
  if (from > 0)
    return static_cast<std::size_t>(from) - 1;
  if (from == 0 || from < -static_cast<lua_Integer>(size))
    return 0;
  return size - static_cast<std::size_t>(-from);
}

int find_or_match(lua_State* state, bool find) {
  auto subject = check_string(state, 1);
  auto pattern = check_string(state, 2);
  auto start = start_of(state, 3, subject.size());
  if (start > subject.size()) {
    lua_pushnil(state);
    return 1;
  }
  constexpr std::string_view specials = "^$*+?.([%-";
  if (find
      && (lua_toboolean(state, 4)
          || pattern.find_first_of(specials) == std::string_view::npos)) {
    lua_budget::of(state).charge(state, subject.size() / 64);
    // Linear in both, which std::string_view::find is not.
    auto found = static_cast<const char*>(
        memmem(subject.data() + start, subject.size() - start, pattern.data(),
               pattern.size()));
    if (found == nullptr) {
      lua_pushnil(state);
      return 1;
    }
    auto first = found - subject.data() + 1;
    lua_pushinteger(state, first);
    lua_pushinteger(state,
                    first + static_cast<lua_Integer>(pattern.size()) - 1);
    return 2;
  }
  auto anchored = !pattern.empty() && pattern.front() == '^';
  if (anchored)
    pattern.remove_prefix(1);
  auto searching = make_search(state, subject, pattern);
  auto end = subject.data() + subject.size();
  for (auto where = subject.data() + start;; ++where) {
    if (auto stop = searching.at(where)) {
      searching.pay();
      if (!find)
        return searching.push_all(where, stop);
      lua_pushinteger(state, where - subject.data() + 1);
      lua_pushinteger(state, stop - subject.data());
      return searching.push_all(nullptr, nullptr) + 2;
    }
    if (anchored || where == end)
      break;
  }
  searching.pay();
  lua_pushnil(state);
  return 1;
}

int find(lua_State* state) {
  return find_or_match(state, true);
}

int match(lua_State* state) {
  return find_or_match(state, false);
}

/// Upvalues: subject, pattern, where to go on, end of the last match (-1).
int next_match(lua_State* state) {
  auto subject = check_string(state, lua_upvalueindex(1));
  auto pattern = check_string(state, lua_upvalueindex(2));
  auto start = lua_tointeger(state, lua_upvalueindex(3));
  auto last = lua_tointeger(state, lua_upvalueindex(4));
  auto searching = make_search(state, subject, pattern);
  for (; start <= static_cast<lua_Integer>(subject.size()); ++start) {
    auto where = subject.data() + start;
    auto stop = searching.at(where);
    if (stop == nullptr || stop - subject.data() == last)
      continue;
    searching.pay();
    lua_pushinteger(state, stop - subject.data());
    lua_pushvalue(state, -1);
    lua_replace(state, lua_upvalueindex(3));
    lua_replace(state, lua_upvalueindex(4));
    return searching.push_all(where, stop);
  }
  searching.pay();
  return 0;
}

int gmatch(lua_State* state) {
  auto subject = check_string(state, 1);
  check_string(state, 2);
  auto start = start_of(state, 3, subject.size());
  if (start > subject.size())
    start = subject.size() + 1;
  lua_settop(state, 2);
  lua_pushinteger(state, static_cast<lua_Integer>(start));
  lua_pushinteger(state, -1);
  lua_pushcclosure(state, next_match, 4);
  return 1;
}

/// Adds a replacement text, with `%0` to `%9` and `%%` filled in.
void add_text(lua_State* state, luaL_Buffer* out, search& searching,
              const char* begin, const char* end) {
  auto text = check_string(state, 3);
  auto here = text.data();
  auto stop = here + text.size();
  while (here != stop) {
    auto sign = static_cast<const char*>(
        std::memchr(here, '%', static_cast<std::size_t>(stop - here)));
    if (sign == nullptr)
      break;
    luaL_addlstring(out, here, static_cast<std::size_t>(sign - here));
    here = sign + 1;
    auto c = here != stop ? *here : '\0';
    if (c == '%') {
      luaL_addchar(out, '%');
    } else if (c == '0') {
      luaL_addlstring(out, begin, static_cast<std::size_t>(end - begin));
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      searching.push(c - '1', begin, end);
      luaL_tolstring(state, -1, nullptr);
      lua_remove(state, -2);
      luaL_addvalue(out);
    } else {
      luaL_error(state, "invalid use of '%%' in replacement string");
    }
    ++here;
  }
  luaL_addlstring(out, here, static_cast<std::size_t>(stop - here));
}

/// Adds what stands in place of one match; the match itself where a table or
/// function has nothing for it.
/// @returns whether something changed.
bool add_replacement(lua_State* state, luaL_Buffer* out, search& searching,
                     const char* begin, const char* end, int kind) {
  if (kind == LUA_TFUNCTION) {
    lua_pushvalue(state, 3);
    auto count = searching.push_all(begin, end);
    lua_call(state, count, 1);
  } else if (kind == LUA_TTABLE) {
    searching.push(0, begin, end);
    lua_gettable(state, 3);
  } else {
    add_text(state, out, searching, begin, end);
    return true;
  }
  if (lua_toboolean(state, -1) == 0) {
    lua_pop(state, 1);
    luaL_addlstring(out, begin, static_cast<std::size_t>(end - begin));
    return false;
  }
  if (lua_isstring(state, -1) == 0)
    luaL_error(state, "invalid replacement value (a %s)",
               luaL_typename(state, -1));
  luaL_addvalue(out);
  return true;
}

int gsub(lua_State* state) {
  auto subject = check_string(state, 1);
  auto pattern = check_string(state, 2);
  auto kind = lua_type(state, 3);
  auto most =
      luaL_optinteger(state, 4, static_cast<lua_Integer>(subject.size()) + 1);
  luaL_argexpected(state,
                   kind == LUA_TNUMBER || kind == LUA_TSTRING
                       || kind == LUA_TFUNCTION || kind == LUA_TTABLE,
                   3, "string/function/table");
  auto anchored = !pattern.empty() && pattern.front() == '^';
  if (anchored)
    pattern.remove_prefix(1);
  auto searching = make_search(state, subject, pattern);
  auto where = subject.data();
  auto end = where + subject.size();
  const char* last = nullptr;
  lua_Integer count = 0;
  auto changed = false;
  luaL_Buffer out;
  luaL_buffinit(state, &out);
  while (count < most) {
    auto stop = searching.at(where);
    if (stop != nullptr && stop != last) {
      ++count;
      searching.pay();
      changed |= add_replacement(state, &out, searching, where, stop, kind);
      where = last = stop;
    } else if (where < end) {
      luaL_addchar(&out, *where);
      ++where;
    } else {
      break;
    }
    if (anchored)
      break;
  }
  searching.pay();
  luaL_addlstring(&out, where, static_cast<std::size_t>(end - where));
  luaL_pushresult(&out);
  if (!changed) {
    lua_pop(state, 1);
    lua_pushvalue(state, 1);
  }
  lua_pushinteger(state, count);
  return 2;
}

} // namespace

void set_pattern_functions(lua_State* state) {
  const luaL_Reg functions[] = {{"find", find},
                                {"match", match},
                                {"gmatch", gmatch},
                                {"gsub", gsub},
                                {nullptr, nullptr}};
  luaL_setfuncs(state, functions, 0);
}

} // namespace switchboard::flows
