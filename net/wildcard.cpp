#include "net/wildcard.hpp"

#include "net/header_values.hpp"

namespace switchboard::net {

bool matches_wildcards(std::string_view text,
                       std::string_view pattern) noexcept {
  // On a mismatch only the last `*` needs to take one character more: an
  // earlier one could do no better.
  constexpr auto none = std::string_view::npos;
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  auto star = none;
  std::size_t star_end = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      star_end = at;
    } else if (in_pattern < pattern.size()
               && equal_ignoring_case(pattern.substr(in_pattern, 1),
                                      text.substr(at, 1))) {
      ++in_pattern;
      ++at;
    } else if (star != none) {
      in_pattern = star + 1;
      at = ++star_end;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == none;
}

} // namespace switchboard::net
