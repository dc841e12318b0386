#include "service/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace switchboard::service {

code_point take_code_point(std::string_view& text) noexcept {
  auto at = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  auto first = at(0);
  std::size_t length = 1;
  char32_t value = first;
  char32_t least = 0;
  if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    value = first & 0x07;
    least = 0x10000;
  } else if (first >= 0xE0 && first < 0xF0) {
    length = 3;
    value = first & 0x0F;
    least = 0x800;
  } else if (first >= 0xC2 && first < 0xE0) {
    length = 2;
    value = first & 0x1F;
    least = 0x80;
  }
  auto valid = first < 0x80 || length > 1;
  for (std::size_t i = 1; i < length && valid; ++i) {
    valid = (at(i) & 0xC0) == 0x80;
    value = (value << 6) | (at(i) & 0x3F);
  }
  valid = valid && value >= least && value <= 0x10FFFF
          && (value < 0xD800 || value > 0xDFFF);
  auto result = code_point{text.substr(0, valid ? length : 1), value, valid};
  text.remove_prefix(result.bytes.size());
  return result;
}

std::string to_valid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    auto point = take_code_point(text);
    result += point.valid ? point.bytes : std::string_view{"\xEF\xBF\xBD"};
  }
  return result;
}

std::string to_rfc3339(std::int64_t nanoseconds) {
  constexpr std::int64_t second = 1'000'000'000;
  auto seconds = nanoseconds / second;
  auto rest = nanoseconds % second;
  if (rest < 0) {
    rest += second;
    --seconds;
  }
  auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 80> buffer{};
  auto length = std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
      parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
      parts.tm_min, parts.tm_sec, static_cast<int>(rest / 1'000'000));
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string to_lower(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (auto c : text) {
    auto is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || std::string_view{"-._~"}.find(c) != std::string_view::npos;
    if (is_plain) {
      result += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

} // namespace switchboard::service
