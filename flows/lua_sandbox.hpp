#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <lua.hpp>

#include <switchboard/options.hpp>

#include "flows/lua_budget.hpp"
#include "flows/scope.hpp"

namespace switchboard::flows {

/// One Lua expression of a program.
struct lua_chunk {
  /// `return ` and the expression.
  std::string code;
  /// Of the expression in its file.
  source_place at;
  /// Which names it may look at: the others are not converted for it.
  bool payload = false;
  bool attributes = false;
  bool vars = false;
  bool error = false;

  /// @param expression what stands between `#[` and its `]`.
  static lua_chunk make(std::string_view expression, source_place at);
};

using lua_chunks = std::vector<lua_chunk>;

/// Evaluates Lua expressions that see nothing but their inputs, share nothing
/// and stay within limits. Belongs to one thread at a time.
class lua_sandbox {
public:
  explicit lua_sandbox(std::shared_ptr<const lua_chunks> chunks,
                       const lua_limits& limits = {});
  ~lua_sandbox();

  /// Evaluates a chunk by its index. Throws `failure` (EXPRESSION) with its
  /// line; the sandbox can be used afterwards.
  value evaluate(std::size_t chunk, const scope& in);

  struct syntax_error {
    std::string message;
    /// Within the expression, from 1.
    std::uint32_t line = 1;
  };

  /// Tells what is wrong with a chunk's syntax; `nullopt` for nothing.
  static std::optional<syntax_error> check_syntax(const lua_chunk& chunk);

  lua_sandbox(const lua_sandbox&) = delete;
  lua_sandbox& operator=(const lua_sandbox&) = delete;

private:
  struct call;

  void open();
  void close() noexcept;
  void push_chunk(std::size_t index);
  void forget_inputs(std::size_t index) noexcept;
  std::string explain(lua_budget::exhausted out_of, std::string message) const;
  static int prepare(lua_State* state);
  static int run(lua_State* state);

  std::shared_ptr<const lua_chunks> chunks_;
  lua_budget budget_;
  lua_State* state_ = nullptr;
  /// Where the compiled chunks are in the registry, by index.
  std::vector<int> compiled_;
};

} // namespace switchboard::flows
