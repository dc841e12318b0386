#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <switchboard/error.hpp>

namespace switchboard::flows {

/// The error of a store that cannot do what it is asked.
inline constexpr const char* store_error = "OS:STORE_NOT_AVAILABLE";

/// What a store has to say.
struct store_answer {
  /// Set where it could not be done: then nothing has changed.
  std::optional<error_text> problem;
  /// What the entry holds now; unset where there is none.
  std::optional<std::string> value;
};

/// What a store has done since the start.
struct store_statistics {
  /// Now.
  std::uint64_t entries = 0;
  /// Made room for others.
  std::uint64_t evicted = 0;
  /// Outlived `entry_ttl`.
  std::uint64_t expired = 0;
  /// Requests that could not be done.
  std::uint64_t failed = 0;
};

/// Small values under keys, bounded in number and age. Any thread may ask, and
/// none is blocked: answers come by call, on a thread of the store's or within
/// the request itself.
class object_store {
public:
  /// What becomes of a value; called once, on any thread. Unset: there is no
  /// entry, or there shall be none.
  using change = std::function<std::optional<std::string>(
      const std::optional<std::string>& now)>;

  /// Called once; must not throw nor block.
  using reply = std::function<void(store_answer&&)>;

  virtual ~object_store() = default;

  /// Looks an entry up.
  virtual void load(std::string key, reply then) = 0;

  /// Changes an entry, nobody else in between. Answered when the change
  /// outlives the death of the process, where the store's kind does. What
  /// `how` throws is the answer's problem.
  virtual void update(std::string key, change how, reply then) = 0;

  /// Any thread; blocks nobody.
  virtual store_statistics statistics() const = 0;

protected:
  explicit object_store(std::string name) : name_(std::move(name)) {
    // nop
  }

  store_answer refusal(const std::string& why) const {
    return {error_text{store_error, "object store " + name_ + ": " + why}, {}};
  }

private:
  std::string name_;
};

} // namespace switchboard::flows
