#include "config/pattern_overlap.hpp"

#include <optional>
#include <string_view>

namespace switchboard::config {

namespace {

/// Takes the first segment off a pattern's text, which has one leading and no
/// trailing slash.
std::optional<std::string_view> next(std::string_view& rest) {
  while (!rest.empty() && rest.front() == '/')
    rest.remove_prefix(1);
  if (rest.empty())
    return std::nullopt;
  auto segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

} // namespace

bool overlap(const path_pattern& x, const path_pattern& y) {
  std::string_view rest_x = x.text();
  std::string_view rest_y = y.text();
  for (;;) {
    auto a = next(rest_x);
    auto b = next(rest_y);
    // A wildcard takes whatever the other one still has, also nothing.
    if ((a && *a == "*") || (b && *b == "*"))
      return true;
    if (!a || !b)
      return !a && !b;
    auto is_param = a->front() == '{' || b->front() == '{';
    if (!is_param && percent_decode(*a) != percent_decode(*b))
      return false;
  }
}

} // namespace switchboard::config
