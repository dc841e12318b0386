#include "service/log_line.hpp"

#include <array>
#include <cstdio>

#include <boost/json.hpp>

#include "service/text.hpp"

namespace switchboard::service {

namespace {

/// Control characters, the C1 ones and the line separators of Unicode.
bool is_control(char32_t value) noexcept {
  return value < 0x20 || (value >= 0x7F && value < 0xA0) || value == 0x2028
         || value == 0x2029;
}

/// Whether a code point changes the direction of the text around it.
bool is_bidirectional(char32_t value) noexcept {
  return value == 0x200E || value == 0x200F
         || (value >= 0x202A && value <= 0x202E)
         || (value >= 0x2066 && value <= 0x2069);
}

void append_escape(std::string& to, const char* format, unsigned value) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  to += buffer.data();
}

/// @param quoted whether `"` and `\` need an escape.
void append_escaped(std::string& to, std::string_view text, bool quoted) {
  while (!text.empty()) {
    auto point = take_code_point(text);
    if (!point.valid)
      append_escape(to, "\\x%02x",
                    static_cast<unsigned char>(point.bytes.front()));
    else if (point.value == '\n')
      to += "\\n";
    else if (point.value == '\r')
      to += "\\r";
    else if (point.value == '\t')
      to += "\\t";
    else if (is_control(point.value) || is_bidirectional(point.value))
      append_escape(to, "\\u%04x", static_cast<unsigned>(point.value));
    else if (quoted && (point.value == '"' || point.value == '\\'))
      to.append("\\").append(point.bytes);
    else
      to += point.bytes;
  }
}

bool needs_quotes(std::string_view value) {
  if (value.empty())
    return true;
  while (!value.empty()) {
    auto point = take_code_point(value);
    if (!point.valid || point.value == ' ' || point.value == '"'
        || point.value == '=' || point.value == '\\' || is_control(point.value)
        || is_bidirectional(point.value))
      return true;
  }
  return false;
}

} // namespace

std::string_view name_of(log_level level) noexcept {
  switch (level) {
    case log_level::trace:
      return "trace";
    case log_level::debug:
      return "debug";
    case log_level::info:
      return "info";
    case log_level::warn:
      return "warn";
    case log_level::error:
      return "error";
    default:
      return "off";
  }
}

std::string to_printable(std::string_view text) {
  std::string result;
  append_escaped(result, text, false);
  return result;
}

std::string to_text_line(const log_line& line) {
  auto result = to_rfc3339(line.time);
  auto level = name_of(line.level);
  result.append(" ").append(level);
  result.append(6 - level.size(), ' ');
  append_escaped(result, line.text, false);
  for (auto& [name, value] : line.fields) {
    result += ' ';
    append_escaped(result, name, false);
    result += '=';
    if (needs_quotes(value)) {
      result += '"';
      append_escaped(result, value, true);
      result += '"';
    } else {
      result += value;
    }
  }
  result.append(" part=").append(name_of(line.part));
  return result;
}

std::string to_json_line(const log_line& line) {
  boost::json::object result;
  result["time"] = to_rfc3339(line.time);
  result["level"] = name_of(line.level);
  result["part"] = name_of(line.part);
  result["message"] = to_valid_utf8(line.text);
  for (auto& [name, value] : line.fields) {
    auto key = to_valid_utf8(name);
    while (result.contains(key))
      key += '_';
    result[key] = to_valid_utf8(value);
  }
  return boost::json::serialize(result);
}

} // namespace switchboard::service
