#include "flows/lua_sandbox.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "flows/attribute_values.hpp"
#include "flows/failure.hpp"
#include "flows/lua_guards.hpp"
#include "flows/lua_values.hpp"

namespace switchboard::flows {

namespace {

/// Its address is the registry's key of the metatable of every `_ENV`.
const char environment_key = 0;

/// The chunks' name; errors begin with it and their line.
constexpr const char* chunk_name = "=?";

/// Takes the `?:LINE: ` off a message of Lua's.
/// @returns the line within the chunk; 0 where it names none.
std::uint32_t take_line(std::string& message) {
  std::uint32_t line = 0;
  if (message.compare(0, 2, "?:") != 0)
    return 0;
  auto last = message.data() + message.size();
  auto [end, problem] = std::from_chars(message.data() + 2, last, line);
  if (problem != std::errc{} || last - end < 2 || end[0] != ':')
    return 0;
  message.erase(0, static_cast<std::size_t>(end - message.data()) + 2);
  return line;
}

std::string message_at_top(lua_State* state) {
  std::size_t size = 0;
  if (lua_type(state, -1) != LUA_TSTRING)
    return std::string{"a "} + luaL_typename(state, -1)
           + " was raised as an error";
  auto text = lua_tolstring(state, -1, &size);
  return {text, size};
}

/// The expression as a message shows it.
std::string shown(const lua_chunk& chunk) {
  constexpr std::size_t most = 80;
  auto text = chunk.code.substr(std::string_view{"return "}.size());
  for (auto& c : text)
    if (c == '\n' || c == '\r')
      c = ' ';
  if (text.size() > most) {
    auto end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
      --end;
    text = text.substr(0, end) + "…";
  }
  return "#[" + text + "]";
}

} // namespace

lua_chunk lua_chunk::make(std::string_view expression, source_place at) {
  auto anything = expression.find("_ENV") != std::string_view::npos;
  auto mentions = [&](std::string_view name) {
    return anything || expression.find(name) != std::string_view::npos;
  };
  return {"return " + std::string{expression},
          at,
          mentions("payload"),
          mentions("attributes"),
          mentions("vars"),
          mentions("error")};
}

/// What one evaluation hands to its function in protected mode.
struct lua_sandbox::call {
  lua_sandbox* self;
  std::size_t chunk;
  const scope* in;
  const boost::json::object* attributes;
  /// The list `error.past`.
  const boost::json::value* past;
};

lua_sandbox::lua_sandbox(std::shared_ptr<const lua_chunks> chunks,
                         const lua_limits& limits)
    : chunks_(std::move(chunks)),
      budget_(limits),
      compiled_(chunks_->size(), LUA_NOREF) {
  // nop
}

lua_sandbox::~lua_sandbox() {
  close();
}

int lua_sandbox::prepare(lua_State* state) {
  prepare_values(state);
  lua_createtable(state, 0, 1);
  push_libraries(state);
  lua_setfield(state, -2, "__index");
  lua_rawsetp(state, LUA_REGISTRYINDEX, &environment_key);
  return 0;
}

void lua_sandbox::open() {
  state_ = budget_.make_state();
  if (state_ != nullptr) {
    lua_pushcfunction(state_, prepare);
    if (lua_pcall(state_, 0, 0, 0) == LUA_OK)
      return;
    close();
  }
  throw failure{errc::expression,
                "the memory limit of expressions is too small for Lua itself"};
}

void lua_sandbox::close() noexcept {
  if (state_ != nullptr)
    lua_close(std::exchange(state_, nullptr));
  std::fill(compiled_.begin(), compiled_.end(), LUA_NOREF);
}

void lua_sandbox::push_chunk(std::size_t index) {
  auto& place = compiled_[index];
  if (place == LUA_NOREF) {
    auto& code = (*chunks_)[index].code;
    if (luaL_loadbufferx(state_, code.data(), code.size(), chunk_name, "t")
        != LUA_OK)
      lua_error(state_);
    place = luaL_ref(state_, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(state_, LUA_REGISTRYINDEX, place);
}

int lua_sandbox::run(lua_State* state) {
  // Left by longjmp on errors: nothing in here may have a destructor.
  auto& with = *static_cast<const call*>(lua_touserdata(state, 1));
  auto& chunk = (*with.self->chunks_)[with.chunk];
  with.self->push_chunk(with.chunk);
  lua_createtable(state, 0, 4);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &environment_key);
  lua_setmetatable(state, -2);
  if (chunk.payload) {
    push_value(state, with.in->payload);
    lua_setfield(state, -2, "payload");
  }
  if (chunk.attributes) {
    lua_createtable(state, 0, static_cast<int>(with.attributes->size()));
    for (auto& member : *with.attributes) {
      lua_pushlstring(state, member.key().data(), member.key().size());
      push_json(state, member.value());
      lua_rawset(state, -3);
    }
    lua_setfield(state, -2, "attributes");
  }
  if (chunk.vars) {
    lua_newtable(state);
    for (auto& [name, x] : with.in->vars) {
      lua_pushlstring(state, name.data(), name.size());
      push_value(state, x);
      lua_rawset(state, -3);
    }
    lua_setfield(state, -2, "vars");
  }
  if (chunk.error && with.in->error) {
    auto& error = *with.in->error;
    lua_createtable(state, 0, 3);
    lua_pushlstring(state, error.type.data(), error.type.size());
    lua_setfield(state, -2, "type");
    lua_pushlstring(state, error.message.data(), error.message.size());
    lua_setfield(state, -2, "message");
    push_json(state, *with.past);
    lua_setfield(state, -2, "past");
    lua_setfield(state, -2, "error");
  }
  // A chunk's one upvalue is its _ENV.
  lua_setupvalue(state, -2, 1);
  lua_call(state, 0, 1);
  return 1;
}

void lua_sandbox::forget_inputs(std::size_t index) noexcept {
  if (compiled_[index] == LUA_NOREF)
    return;
  lua_rawgeti(state_, LUA_REGISTRYINDEX, compiled_[index]);
  lua_pushnil(state_);
  lua_setupvalue(state_, -2, 1);
  lua_pop(state_, 1);
}

std::string lua_sandbox::explain(lua_budget::exhausted out_of,
                                 std::string message) const {
  auto& limits = budget_.limits();
  switch (out_of) {
    case lua_budget::exhausted::memory:
      return "needs more than " + std::to_string(limits.memory_bytes)
             + " bytes of memory";
    case lua_budget::exhausted::instructions:
      return "runs longer than " + std::to_string(limits.instructions)
             + " instructions";
    case lua_budget::exhausted::cpu:
      return "takes longer than "
             + std::to_string(limits.cpu / std::chrono::milliseconds{1})
             + " ms of CPU";
    case lua_budget::exhausted::nothing:
      break;
  }
  return message;
}

value lua_sandbox::evaluate(std::size_t index, const scope& in) {
  auto& chunk = (*chunks_)[index];
  if (state_ == nullptr)
    open();
  // What may throw happens before Lua runs: Lua leaves frames by longjmp.
  auto prepare = [](const value& x) {
    if (auto doc = std::get_if<std::shared_ptr<const document>>(&x))
      (*doc)->prepare();
  };
  if (chunk.payload)
    prepare(in.payload);
  if (chunk.vars)
    for (auto& [name, x] : in.vars)
      prepare(x);
  boost::json::object attributes;
  if (chunk.attributes)
    attributes = attributes_object(in.attributes);
  boost::json::value past(boost::json::array_kind);
  if (chunk.error && in.error && in.past)
    for (auto& one : *in.past)
      past.get_array().push_back(
          boost::json::object{{"type", one.type}, {"message", one.message}});
  call with{this, index, &in, &attributes, &past};
  budget_.begin(state_);
  lua_pushcfunction(state_, run);
  lua_pushlightuserdata(state_, &with);
  auto status = lua_pcall(state_, 1, 1, 0);
  budget_.end(state_);
  if (status == LUA_OK) {
    struct cleanup {
      lua_sandbox& self;
      std::size_t index;
      ~cleanup() {
        lua_settop(self.state_, 0);
        self.forget_inputs(index);
      }
    } guard{*this, index};
    try {
      return read_value(state_, -1, budget_.limits().memory_bytes);
    } catch (const failure& what) {
      throw failure{errc::expression,
                    what.text().message + " in " + shown(chunk), chunk.at.line};
    }
  }
  auto message = message_at_top(state_);
  auto line = take_line(message);
  auto out_of = budget_.out_of();
  // Memory that ran out for a moment only, until garbage was collected.
  if (status != LUA_ERRMEM && out_of == lua_budget::exhausted::memory)
    out_of = lua_budget::exhausted::nothing;
  message = explain(out_of, std::move(message));
  // What ran into a limit leaves a heap full of garbage.
  if (out_of != lua_budget::exhausted::nothing) {
    close();
  } else {
    lua_settop(state_, 0);
    forget_inputs(index);
  }
  auto place = chunk.at.line;
  if (place != 0 && line != 0)
    place += line - 1;
  throw failure{errc::expression, message + " in " + shown(chunk), place};
}

std::optional<lua_sandbox::syntax_error>
lua_sandbox::check_syntax(const lua_chunk& chunk) {
  lua_budget budget{{}};
  auto state = budget.make_state();
  if (state == nullptr)
    return syntax_error{"there is no memory to compile it", 1};
  std::optional<syntax_error> result;
  if (luaL_loadbufferx(state, chunk.code.data(), chunk.code.size(), chunk_name,
                       "t")
      != LUA_OK) {
    result.emplace();
    result->message = message_at_top(state);
    result->line = std::max<std::uint32_t>(take_line(result->message), 1);
  }
  lua_close(state);
  return result;
}

} // namespace switchboard::flows
