#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchboard/error.hpp>

namespace switchboard::flows {

using error_list = std::vector<error_text>;

/// How often a message has failed, and why of late: what an object store
/// holds of it, and what `error.past` tells.
struct failure_record {
  std::uint64_t count = 0;
  /// The last 10, oldest first; messages cut after 256 bytes.
  error_list past;

  /// Another failure.
  void add(const error_text& why);

  /// As text, for a store.
  std::string render() const;

  /// @returns `nullopt` for what `render` does not give.
  static std::optional<failure_record> parse(std::string_view text);
};

} // namespace switchboard::flows
