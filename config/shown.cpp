#include "config/shown.hpp"

#include <algorithm>
#include <cstddef>

namespace switchboard::config {

namespace {

constexpr std::size_t max_shown = 60;

bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

} // namespace

std::string in_quotes(std::string_view word) {
  constexpr auto digits = "0123456789abcdef";
  auto cut = word.size() > max_shown;
  if (cut) {
    auto end = max_shown;
    while (end > 0 && is_continuation(word[end]))
      --end;
    word = word.substr(0, end);
  }
  std::string result{'"'};
  for (std::size_t i = 0; i < word.size(); ++i) {
    auto c = word[i];
    auto byte = static_cast<unsigned char>(c);
    // U+0080 to U+009F are control characters, too, and terminals obey them.
    auto is_c1 = byte == 0xC2 && i + 1 < word.size()
                 && static_cast<unsigned char>(word[i + 1]) < 0xA0;
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7F || is_c1) {
      if (is_c1)
        byte = static_cast<unsigned char>(word[++i]);
      result += "\\u00";
      result += digits[byte >> 4];
      result += digits[byte & 15];
    } else {
      result += c;
    }
  }
  if (cut)
    result += "…";
  result += '"';
  return result;
}

std::string shown(const text& value) {
  return value.secret ? "the value" : in_quotes(value.value);
}

std::string shown_key(std::string_view key) {
  auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (!key.empty() && key.size() <= max_shown
      && std::all_of(key.begin(), key.end(), is_bare))
    return std::string{key};
  return in_quotes(key);
}

std::string listed(const std::vector<std::string>& words) {
  std::string result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      result += i + 1 == words.size() ? " or " : ", ";
    result += words[i];
  }
  return result;
}

} // namespace switchboard::config
