#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include <switchboard/attributes.hpp>

namespace switchboard::service {

/// Leaves out lines of a log that say the same again and again: of those with
/// the same text and fields, so many within a span are written, and the next
/// after it tells how many were left out. Remembers a bounded number of them.
/// One thread at a time.
class log_repeats {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::uint32_t most_alike = 20;
  static constexpr std::chrono::seconds span{10};
  static constexpr std::size_t most_remembered = 256;

  struct verdict {
    bool write = true;
    /// Since the last that was written.
    std::uint64_t left_out = 0;
  };

  verdict judge(std::string_view text, const string_pairs& fields,
                time_point now);

private:
  struct entry {
    time_point since;
    std::uint32_t written = 0;
    std::uint64_t left_out = 0;
  };

  void make_room(time_point now);

  /// By a hash of text and fields: what they hold may be long.
  std::unordered_map<std::size_t, entry> entries_;
};

} // namespace switchboard::service
