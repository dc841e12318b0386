#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchboard::flows {

/// What is wrong with a pattern, in Lua's own words.
struct pattern_error {
  const char* text;
};

/// Lua's pattern language (Lua 5.4 manual §6.4.1) with a bound on its steps:
/// Lua's own matcher runs for ever on patterns like `.-.-.-.-x`, where no
/// hook can stop it.
class pattern_matcher {
public:
  struct capture {
    const char* start = nullptr;
    /// `position` for `()`, else a length.
    std::ptrdiff_t size = 0;
  };

  static constexpr std::ptrdiff_t unclosed = -1;
  static constexpr std::ptrdiff_t position = -2;
  static constexpr int max_captures = 32;

  /// @param pattern without a leading anchor.
  /// @param max_steps each step looks at about one character.
  pattern_matcher(std::string_view subject, std::string_view pattern,
                  std::uint64_t max_steps) noexcept;

  /// Matches the whole pattern at one place of the subject.
  /// @returns where the match ends; null for none.
  /// Throws `pattern_error`.
  const char* match_at(const char* where);

  int captures() const noexcept {
    return level_;
  }

  const capture& operator[](int index) const noexcept {
    return captures_[static_cast<std::size_t>(index)];
  }

  /// Steps done so far.
  std::uint64_t steps() const noexcept {
    return steps_;
  }

  /// Whether the last `pattern_error` was about the steps.
  bool out_of_steps() const noexcept {
    return steps_ > max_steps_;
  }

private:
  void step();
  const char* match(const char* s, const char* p);
  const char* class_end(const char* p);
  bool match_set(int c, const char* p, const char* end);
  bool single_match(const char* s, const char* p, const char* end);
  const char* match_balance(const char* s, const char* p);
  const char* match_frontier(const char* s, const char* p, const char* end);
  const char* match_back_reference(const char* s, char digit);
  const char* max_expand(const char* s, const char* p, const char* end);
  const char* min_expand(const char* s, const char* p, const char* end);
  const char* start_capture(const char* s, const char* p, std::ptrdiff_t what);
  const char* end_capture(const char* s, const char* p);
  capture& at(int index) noexcept {
    return captures_[static_cast<std::size_t>(index)];
  }

  const char* begin_;
  const char* end_;
  const char* pattern_;
  const char* pattern_end_;
  std::uint64_t max_steps_;
  std::uint64_t steps_ = 0;
  int depth_ = 0;
  int level_ = 0;
  std::array<capture, max_captures> captures_;
};

} // namespace switchboard::flows
