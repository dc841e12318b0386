#include "flows/lua_budget.hpp"

#include <cstdlib>
#include <cstring>
#include <ctime>

namespace switchboard::flows {

namespace {

/// Instructions between two looks at the limits.
constexpr int hook_interval = 256;

/// Bytes that cost as much as one instruction where they are allocated.
constexpr std::size_t bytes_per_instruction = 256;

/// Each refusal makes Lua collect all its garbage and try again; a script
/// that lives at the edge would spend its time on that.
constexpr unsigned max_refusals = 4;

std::chrono::nanoseconds cpu_time() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec}
         + std::chrono::nanoseconds{now.tv_nsec};
}

} // namespace

lua_budget& lua_budget::of(lua_State* state) noexcept {
  lua_budget* result = nullptr;
  std::memcpy(&result, lua_getextraspace(state), sizeof(result));
  return *result;
}

lua_State* lua_budget::make_state() noexcept {
  memory_ = 0;
  refused_ = 0;
  watching_ = false;
  out_of_ = exhausted::nothing;
  auto state = lua_newstate(allocate, this);
  if (state != nullptr) {
    auto self = this;
    std::memcpy(lua_getextraspace(state), &self, sizeof(self));
  }
  return state;
}

void lua_budget::begin(lua_State* state) noexcept {
  work_ = 0;
  refused_ = 0;
  out_of_ = exhausted::nothing;
  watching_ = true;
  deadline_ = cpu_time() + limits_.cpu;
  lua_sethook(state, on_count, LUA_MASKCOUNT, hook_interval);
}

void lua_budget::end(lua_State* state) noexcept {
  watching_ = false;
  lua_sethook(state, nullptr, 0, 0);
}

void lua_budget::charge(lua_State* state, std::uint64_t instructions) {
  if (!watching_)
    return;
  // A cost beyond the limit is as good as the limit, and cannot wrap around.
  work_ += instructions < limits_.instructions ? instructions
                                               : limits_.instructions + 1;
  check(state);
}

std::uint64_t lua_budget::left() const noexcept {
  if (!watching_)
    return limits_.instructions;
  return work_ < limits_.instructions ? limits_.instructions - work_ : 0;
}

void lua_budget::check(lua_State* state) {
  if (work_ > limits_.instructions) {
    out_of_ = exhausted::instructions;
    luaL_error(state, "too many instructions");
  }
}

void lua_budget::on_count(lua_State* state, lua_Debug*) {
  auto& self = of(state);
  self.work_ += hook_interval;
  self.check(state);
  if (cpu_time() > self.deadline_) {
    self.out_of_ = exhausted::cpu;
    luaL_error(state, "too much time");
  }
}

void* lua_budget::allocate(void* ptr, void* block, std::size_t old_size,
                           std::size_t new_size) noexcept {
  auto& self = *static_cast<lua_budget*>(ptr);
  // For a new block Lua puts its type into `old_size`.
  auto old = block != nullptr ? old_size : 0;
  if (new_size == 0) {
    std::free(block);
    self.memory_ -= old;
    return nullptr;
  }
  if (new_size > old) {
    auto grown = new_size - old;
    if (self.refused_ > max_refusals
        || grown > self.limits_.memory_bytes - self.memory_) {
      ++self.refused_;
      if (self.out_of_ == exhausted::nothing)
        self.out_of_ = exhausted::memory;
      return nullptr;
    }
    if (self.watching_) {
      self.work_ += new_size / bytes_per_instruction;
      if (self.work_ > self.limits_.instructions) {
        self.refused_ = max_refusals + 1;
        self.out_of_ = exhausted::instructions;
        return nullptr;
      }
    }
  }
  auto result = std::realloc(block, new_size);
  if (result == nullptr)
    return new_size <= old ? block : nullptr;
  self.memory_ += new_size;
  self.memory_ -= old;
  return result;
}

} // namespace switchboard::flows
