#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "flows/scope.hpp"

namespace switchboard::flows {

/// An expression that needs no Lua: one of `payload`, `attributes`, `vars`,
/// `error`, then any number of `.name`, `['name']` and `[1]`.
class native_path {
public:
  enum class root : std::uint8_t { payload, attributes, vars, error };

  /// A name, or an index from 1.
  using step = std::variant<std::string, std::int64_t>;

  /// @returns `nullopt` for any other expression.
  static std::optional<native_path> parse(std::string_view expression);

  /// Looks the path up. Throws `failure` where the payload is not JSON.
  /// @returns `nullopt` where Lua has to say what it means: an error, or a
  ///          method of a string.
  std::optional<value> find(const scope& in) const;

  /// The payload itself where that is all the path names, else null.
  const value* find_payload(const scope& in) const noexcept {
    return root_ == root::payload && steps_.empty() ? &in.payload : nullptr;
  }

private:
  std::optional<value> find_attribute(const socket_attributes& in) const;
  std::optional<value> find_error(const scope& in) const;
  std::optional<value> descend(const value& from, std::size_t next) const;

  root root_ = root::payload;
  std::vector<step> steps_;
};

} // namespace switchboard::flows
