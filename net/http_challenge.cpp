#include "net/http_challenge.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "net/header_values.hpp"

namespace switchboard::net {

namespace {

constexpr std::size_t max_challenges = 32;
constexpr std::size_t max_parameters = 32;

std::string in_lower_case(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

/// Takes `name=` of a parameter; a new challenge begins where that is not
/// next, and nothing is taken.
std::string_view parameter_name(header_cursor& cursor) noexcept {
  auto ahead = cursor;
  auto name = ahead.token();
  ahead.skip_blanks();
  if (name.empty() || !ahead.consume('='))
    return {};
  ahead.skip_blanks();
  cursor = ahead;
  return name;
}

/// Takes a token68 that stands alone: up to the next comma or the end.
std::string_view lone_token68(header_cursor& cursor) noexcept {
  auto ahead = cursor;
  auto token = ahead.token68();
  ahead.skip_blanks();
  if (token.empty() || !(ahead.at_end() || ahead.next_is(',')))
    return {};
  cursor = ahead;
  return token;
}

/// Takes the parameters of a challenge and the commas around them.
/// @returns whether they are well-formed.
bool take_parameters(header_cursor& cursor, http_challenge& challenge) {
  for (;;) {
    cursor.skip_blanks();
    if (cursor.consume(','))
      continue;
    auto name = in_lower_case(parameter_name(cursor));
    if (name.empty())
      return true;
    auto value = cursor.value();
    if (!value || challenge.parameter(name) != nullptr
        || challenge.parameters.size() == max_parameters)
      return false;
    challenge.parameters.emplace_back(std::move(name), std::move(*value));
    cursor.skip_blanks();
    if (!cursor.at_end() && !cursor.next_is(','))
      return false;
  }
}

/// Takes one challenge; nothing where it is ill-formed.
std::optional<http_challenge> take_challenge(header_cursor& cursor) {
  http_challenge result;
  result.scheme = cursor.token();
  if (result.scheme.empty())
    return std::nullopt;
  if (cursor.at_end() || cursor.next_is(','))
    return take_parameters(cursor, result) ? std::optional{std::move(result)}
                                           : std::nullopt;
  if (!cursor.next_is(' ') && !cursor.next_is('\t'))
    return std::nullopt;
  cursor.skip_blanks();
  result.token = lone_token68(cursor);
  if (!result.token.empty())
    return result;
  // Behind a scheme come its parameters, a comma or nothing, no second word.
  auto ahead = cursor;
  if (!ahead.at_end() && !ahead.next_is(',') && parameter_name(ahead).empty())
    return std::nullopt;
  if (!take_parameters(cursor, result))
    return std::nullopt;
  return result;
}

void parse_field(std::string_view text, std::vector<http_challenge>& result) {
  header_cursor cursor{text};
  for (;;) {
    cursor.skip_blanks();
    if (cursor.consume(','))
      continue;
    if (cursor.at_end() || result.size() == max_challenges)
      return;
    auto challenge = take_challenge(cursor);
    if (!challenge)
      return;
    result.push_back(std::move(*challenge));
  }
}

} // namespace

const std::string*
http_challenge::parameter(std::string_view name) const noexcept {
  auto found = std::find_if(parameters.begin(), parameters.end(),
                            [&](auto& one) { return one.first == name; });
  return found == parameters.end() ? nullptr : &found->second;
}

std::vector<http_challenge> parse_challenges(const header_list& headers,
                                             std::string_view name) {
  std::vector<http_challenge> result;
  for (auto& [field, value] : headers)
    if (equal_ignoring_case(field, name))
      parse_field(value, result);
  return result;
}

} // namespace switchboard::net
