#include "config/addresses.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include <arpa/inet.h>

namespace switchboard::config {

namespace {

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9');
}

/// The bytes of an address: 4 or 16.
struct address {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;
};

std::optional<address> parse_address(std::string_view text) {
  // inet_pton stops at a NUL.
  if (text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::string terminated{text};
  address result;
  if (inet_pton(AF_INET, terminated.c_str(), result.bytes.data()) == 1) {
    result.size = 4;
    return result;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), result.bytes.data()) == 1) {
    result.size = 16;
    return result;
  }
  return std::nullopt;
}

bool is_host_name(std::string_view text) {
  if (text.size() > 253 || text.front() == '.' || text.front() == '-'
      || text.find("..") != std::string_view::npos)
    return false;
  auto fits = [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
  };
  // Digits and dots alone are an address that went wrong.
  auto is_numeric = [](char c) {
    return (c >= '0' && c <= '9') || c == '.';
  };
  return std::all_of(text.begin(), text.end(), fits)
         && !std::all_of(text.begin(), text.end(), is_numeric);
}

} // namespace

bool is_host(std::string_view text) {
  if (text.empty())
    return false;
  auto zone = text.find('%');
  if (zone == std::string_view::npos)
    return parse_address(text) || is_host_name(text);
  auto name = text.substr(zone + 1);
  auto parsed = parse_address(text.substr(0, zone));
  return parsed && parsed->size == 16 && !name.empty()
         && std::all_of(name.begin(), name.end(), [](char c) {
              return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
            });
}

bool is_loopback(std::string_view host) {
  if (host == "localhost")
    return true;
  auto parsed = parse_address(host);
  if (!parsed)
    return false;
  auto& bytes = parsed->bytes;
  if (parsed->size == 4)
    return bytes[0] == 127;
  auto zeros = [&](std::size_t n) {
    return std::all_of(bytes.begin(), bytes.begin() + n,
                       [](std::uint8_t byte) { return byte == 0; });
  };
  auto is_mapped = zeros(10) && bytes[10] == 0xFF && bytes[11] == 0xFF;
  return (zeros(15) && bytes[15] == 1) || (is_mapped && bytes[12] == 127);
}

bool is_address_or_cidr(std::string_view text) {
  auto slash = text.find('/');
  auto parsed = parse_address(text.substr(0, slash));
  if (!parsed)
    return false;
  if (slash == std::string_view::npos)
    return true;
  auto digits = text.substr(slash + 1);
  unsigned length = 0;
  auto last = digits.data() + digits.size();
  auto [end, failure] = std::from_chars(digits.data(), last, length);
  return failure == std::errc{} && end == last && length <= parsed->size * 8;
}

bool is_origin_pattern(std::string_view text) {
  auto is_printable = [](char c) {
    return c > 0x20 && c < 0x7F;
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_printable))
    return false;
  if (text == "null")
    return true;
  auto scheme = text.find("://");
  if (scheme == std::string_view::npos)
    return text.front() == '*' && text.find('/') == std::string_view::npos;
  auto host = text.substr(scheme + 3);
  return scheme > 0 && !host.empty()
         && host.find_first_of("/?#@") == std::string_view::npos;
}

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter_or_digit(c) || marks.find(c) != std::string_view::npos;
  });
}

bool is_mime_type(std::string_view text) {
  auto essence = text.substr(0, text.find(';'));
  while (!essence.empty() && essence.back() == ' ')
    essence.remove_suffix(1);
  auto slash = essence.find('/');
  auto is_printable = [](char c) {
    return c >= 0x20 && c < 0x7F;
  };
  return slash != std::string_view::npos && is_token(essence.substr(0, slash))
         && is_token(essence.substr(slash + 1))
         && std::all_of(text.begin(), text.end(), is_printable);
}

} // namespace switchboard::config
