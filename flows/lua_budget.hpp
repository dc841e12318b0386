#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <lua.hpp>

namespace switchboard::flows {

/// How much one evaluation may use.
struct lua_limits {
  /// Of a Lua state, its libraries and garbage included.
  std::size_t memory_bytes = 16 * 1024 * 1024;
  /// Lua instructions; what library functions do counts by its size.
  std::uint64_t instructions = 1'000'000;
  /// Of CPU, for what no count sees (comparing long strings).
  std::chrono::nanoseconds cpu = std::chrono::seconds{1};
};

/// Keeps one Lua state within its limits. Lives at a fixed address as long as
/// the state, which finds it through `of`.
class lua_budget {
public:
  enum class exhausted : std::uint8_t { nothing, memory, instructions, cpu };

  explicit lua_budget(const lua_limits& limits) : limits_(limits) {
    // nop
  }

  /// The budget of a state that was made by `make_state`.
  static lua_budget& of(lua_State* state) noexcept;

  /// Makes an empty state; null where even that does not fit.
  lua_State* make_state() noexcept;

  /// Starts counting from zero and watching the state.
  void begin(lua_State* state) noexcept;

  /// Stops watching: only memory stays limited.
  void end(lua_State* state) noexcept;

  /// Counts work a library function is about to do, in instructions. Raises
  /// a Lua error where the limit is hit.
  void charge(lua_State* state, std::uint64_t instructions);

  /// How many instructions are left; all of them while nobody watches.
  std::uint64_t left() const noexcept;

  /// What the last evaluation ran out of.
  exhausted out_of() const noexcept {
    return out_of_;
  }

  const lua_limits& limits() const noexcept {
    return limits_;
  }

  lua_budget(const lua_budget&) = delete;
  lua_budget& operator=(const lua_budget&) = delete;

private:
  static void* allocate(void* self, void* block, std::size_t old_size,
                        std::size_t new_size) noexcept;
  static void on_count(lua_State* state, lua_Debug*);
  void check(lua_State* state);

  lua_limits limits_;
  std::size_t memory_ = 0;
  std::uint64_t work_ = 0;
  std::chrono::nanoseconds deadline_{0};
  /// How often an allocation was refused in this evaluation.
  unsigned refused_ = 0;
  bool watching_ = false;
  exhausted out_of_ = exhausted::nothing;
};

} // namespace switchboard::flows
