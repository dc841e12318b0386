#include "net/header_values.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::net {

namespace {

bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z');
}

bool is_token68_char(char c) noexcept {
  constexpr std::string_view others = "-._~+/";
  return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
}

bool is_token_char(char c) noexcept {
  if (is_alphanumeric(c))
    return true;
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return others.find(c) != std::string_view::npos;
}

bool is_value_char(char c) noexcept {
  return c == '\t' || (c >= ' ' && c <= '~') || (c & 0x80) != 0;
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

std::string_view trim_blanks(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool equal_ignoring_case(std::string_view x, std::string_view y) noexcept {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool list_has_token(std::string_view list, std::string_view token) noexcept {
  for (;;) {
    auto comma = list.find(',');
    if (equal_ignoring_case(trim_blanks(list.substr(0, comma)), token))
      return true;
    if (comma == std::string_view::npos)
      return false;
    list.remove_prefix(comma + 1);
  }
}

bool is_header_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), is_value_char);
}

void header_cursor::skip_blanks() noexcept {
  while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
    rest_.remove_prefix(1);
}

bool header_cursor::consume(char c) noexcept {
  if (rest_.empty() || rest_.front() != c)
    return false;
  rest_.remove_prefix(1);
  return true;
}

std::string_view header_cursor::token() noexcept {
  auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
  auto result = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  rest_.remove_prefix(result.size());
  return result;
}

std::string_view header_cursor::token68() noexcept {
  auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token68_char);
  if (end == rest_.begin())
    return {};
  end = std::find_if(end, rest_.end(), [](char c) { return c != '='; });
  auto result = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  rest_.remove_prefix(result.size());
  return result;
}

std::optional<std::string> header_cursor::value() {
  if (!consume('"')) {
    auto word = token();
    if (word.empty())
      return std::nullopt;
    return std::string{word};
  }
  std::string result;
  while (!rest_.empty()) {
    auto c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"')
      return result;
    if (c == '\\') {
      if (rest_.empty())
        return std::nullopt;
      c = rest_.front();
      rest_.remove_prefix(1);
    }
    if (!is_value_char(c))
      return std::nullopt;
    result += c;
  }
  return std::nullopt;
}

std::optional<std::vector<extension>> parse_extensions(std::string_view text) {
  std::vector<extension> result;
  header_cursor cursor{text};
  for (;;) {
    cursor.skip_blanks();
    if (cursor.at_end())
      return result;
    if (cursor.consume(','))
      continue;
    extension element;
    element.name = cursor.token();
    if (element.name.empty())
      return std::nullopt;
    for (cursor.skip_blanks(); cursor.consume(';'); cursor.skip_blanks()) {
      cursor.skip_blanks();
      extension_parameter parameter;
      parameter.name = cursor.token();
      if (parameter.name.empty())
        return std::nullopt;
      cursor.skip_blanks();
      if (cursor.consume('=')) {
        cursor.skip_blanks();
        parameter.value = cursor.value();
        // A quoted value must be a token once it is unquoted.
        if (!parameter.value || !is_token(*parameter.value))
          return std::nullopt;
      }
      element.parameters.push_back(std::move(parameter));
    }
    result.push_back(std::move(element));
    if (!cursor.at_end() && !cursor.consume(','))
      return std::nullopt;
  }
}

} // namespace switchboard::net
