#include "flows/lua_values.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "flows/failure.hpp"
#include "flows/json_text.hpp"

namespace switchboard::flows {

namespace {

/// Its address is the registry's key of the metatable that marks lists.
const char list_mark = 0;

constexpr int max_depth = 64;

/// What one value of a table costs of `max_bytes`, beside its characters.
constexpr std::size_t node_bytes = 32;

[[noreturn]] void fail(std::string what) {
  throw failure{errc::expression, std::move(what)};
}

std::string_view string_at(lua_State* state, int index) {
  std::size_t size = 0;
  auto data = lua_tolstring(state, index, &size);
  return {data, size};
}

class table_reader {
public:
  table_reader(lua_State* state, std::size_t max_bytes)
      : state_(state), left_(max_bytes) {
    // nop
  }

  /// @param index absolute, or of the top.
  boost::json::value read(int index, int depth) {
    spend(node_bytes);
    switch (lua_type(state_, index)) {
      case LUA_TNIL:
        return nullptr;
      case LUA_TBOOLEAN:
        return lua_toboolean(state_, index) != 0;
      case LUA_TNUMBER:
        if (lua_isinteger(state_, index) != 0)
          return static_cast<std::int64_t>(lua_tointeger(state_, index));
        return lua_tonumber(state_, index);
      case LUA_TSTRING: {
        auto text = string_at(state_, index);
        spend(text.size());
        return boost::json::string{text.data(), text.size()};
      }
      case LUA_TTABLE:
        return read_table(lua_absindex(state_, index), depth);
      default:
        fail(std::string{"a "} + luaL_typename(state_, index)
             + " cannot leave an expression");
    }
  }

private:
  struct shape {
    std::size_t keys = 0;
    lua_Integer largest = 0;
    bool only_indexes = true;
  };

  void spend(std::size_t bytes) {
    if (bytes > left_)
      fail("the result is too large");
    left_ -= bytes;
  }

  bool is_marked(int index) {
    if (lua_getmetatable(state_, index) == 0)
      return false;
    lua_rawgetp(state_, LUA_REGISTRYINDEX, &list_mark);
    auto result = lua_rawequal(state_, -1, -2) != 0;
    lua_pop(state_, 2);
    return result;
  }

  shape shape_of(int index) {
    shape result;
    for (lua_pushnil(state_); lua_next(state_, index) != 0;
         lua_pop(state_, 1)) {
      ++result.keys;
      if (lua_isinteger(state_, -2) != 0 && lua_tointeger(state_, -2) > 0)
        result.largest = std::max(result.largest, lua_tointeger(state_, -2));
      else
        result.only_indexes = false;
    }
    return result;
  }

  boost::json::value read_table(int index, int depth) {
    if (depth >= max_depth)
      fail("the result is nested too deep");
    if (lua_checkstack(state_, 8) == 0)
      fail("the result is nested too deep");
    auto found = shape_of(index);
    if (found.keys == 0) {
      if (is_marked(index))
        return boost::json::array{};
      return boost::json::object{};
    }
    // A few holes are nulls; a table with a single large index is a map.
    if (found.only_indexes
        && static_cast<std::size_t>(found.largest) <= found.keys * 2 + 8)
      return read_list(index, found.largest, depth);
    return read_map(index, depth);
  }

  boost::json::value read_list(int index, lua_Integer size, int depth) {
    boost::json::array result;
    result.reserve(static_cast<std::size_t>(size));
    for (lua_Integer i = 1; i <= size; ++i) {
      lua_rawgeti(state_, index, i);
      result.push_back(read(-1, depth + 1));
      lua_pop(state_, 1);
    }
    return result;
  }

  std::string key_text() {
    std::string result;
    switch (lua_type(state_, -2)) {
      case LUA_TSTRING:
        result = string_at(state_, -2);
        break;
      case LUA_TNUMBER:
        if (lua_isinteger(state_, -2) != 0)
          result = std::to_string(lua_tointeger(state_, -2));
        else
          append_number(result, lua_tonumber(state_, -2));
        break;
      default:
        fail(std::string{"a "} + luaL_typename(state_, -2)
             + " cannot be the key of a map");
    }
    spend(result.size());
    return result;
  }

  boost::json::value read_map(int index, int depth) {
    std::vector<std::pair<std::string, boost::json::value>> members;
    for (lua_pushnil(state_); lua_next(state_, index) != 0;
         lua_pop(state_, 1)) {
      auto key = key_text();
      members.emplace_back(std::move(key), read(-1, depth + 1));
    }
    std::sort(members.begin(), members.end(),
              [](auto& x, auto& y) { return x.first < y.first; });
    boost::json::object result;
    result.reserve(members.size());
    for (auto& [key, member] : members)
      result.insert_or_assign(key, std::move(member));
    return result;
  }

  lua_State* state_;
  std::size_t left_;
};

} // namespace

void prepare_values(lua_State* state) {
  lua_newtable(state);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &list_mark);
}

void push_json(lua_State* state, const boost::json::value& x) {
  luaL_checkstack(state, 4, "values nested too deep");
  switch (x.kind()) {
    case boost::json::kind::null:
      lua_pushnil(state);
      break;
    case boost::json::kind::bool_:
      lua_pushboolean(state, x.get_bool() ? 1 : 0);
      break;
    case boost::json::kind::int64:
      lua_pushinteger(state, x.get_int64());
      break;
    case boost::json::kind::uint64:
      // Parsed integers are of this kind beyond Lua's range only.
      lua_pushnumber(state, static_cast<double>(x.get_uint64()));
      break;
    case boost::json::kind::double_:
      lua_pushnumber(state, x.get_double());
      break;
    case boost::json::kind::string:
      lua_pushlstring(state, x.get_string().data(), x.get_string().size());
      break;
    case boost::json::kind::array: {
      auto& items = x.get_array();
      lua_createtable(state, static_cast<int>(items.size()), 0);
      lua_rawgetp(state, LUA_REGISTRYINDEX, &list_mark);
      lua_setmetatable(state, -2);
      lua_Integer index = 0;
      for (auto& item : items) {
        push_json(state, item);
        lua_rawseti(state, -2, ++index);
      }
      break;
    }
    case boost::json::kind::object: {
      auto& members = x.get_object();
      lua_createtable(state, 0, static_cast<int>(members.size()));
      for (auto& member : members) {
        lua_pushlstring(state, member.key().data(), member.key().size());
        push_json(state, member.value());
        lua_rawset(state, -3);
      }
      break;
    }
  }
}

void push_value(lua_State* state, const value& x) {
  if (auto flag = std::get_if<bool>(&x)) {
    lua_pushboolean(state, *flag ? 1 : 0);
  } else if (auto integer = std::get_if<std::int64_t>(&x)) {
    lua_pushinteger(state, *integer);
  } else if (auto number = std::get_if<double>(&x)) {
    lua_pushnumber(state, *number);
  } else if (auto text = std::get_if<std::string>(&x)) {
    lua_pushlstring(state, text->data(), text->size());
  } else if (auto json = std::get_if<json_ref>(&x)) {
    push_json(state, **json);
  } else if (auto doc = std::get_if<std::shared_ptr<const document>>(&x)) {
    auto text = (*doc)->text();
    if (auto& json = (*doc)->parsed())
      push_json(state, *json);
    else
      lua_pushlstring(state, text.data(), text.size());
  } else if (auto map = std::get_if<std::shared_ptr<const record>>(&x)) {
    luaL_checkstack(state, 4, "values nested too deep");
    lua_createtable(state, 0, static_cast<int>((*map)->fields.size()));
    for (auto& [name, field] : (*map)->fields) {
      lua_pushlstring(state, name.data(), name.size());
      push_value(state, field);
      lua_rawset(state, -3);
    }
  } else {
    lua_pushnil(state);
  }
}

value read_value(lua_State* state, int index, std::size_t max_bytes) {
  switch (lua_type(state, index)) {
    case LUA_TNIL:
      return std::monostate{};
    case LUA_TBOOLEAN:
      return lua_toboolean(state, index) != 0;
    case LUA_TNUMBER:
      if (lua_isinteger(state, index) != 0)
        return static_cast<std::int64_t>(lua_tointeger(state, index));
      return lua_tonumber(state, index);
    case LUA_TSTRING:
      return std::string{string_at(state, index)};
    default:
      return from_json(table_reader{state, max_bytes}.read(index, 0));
  }
}

} // namespace switchboard::flows
