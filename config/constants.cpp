#include "config/constants.hpp"

#include <algorithm>

#include <switchboard/close_code.hpp>
#include <switchboard/path_pattern.hpp>

namespace switchboard::config {

std::string check_socket_id(const text& constant) {
  constexpr std::size_t max_length = 128;
  auto fits = [](char c) {
    return c >= 0x20 && c < 0x7F && c != '/';
  };
  auto& id = constant.value;
  if (!id.empty() && id.size() <= max_length
      && std::all_of(id.begin(), id.end(), fits))
    return {};
  return shown(constant)
         + " is no socket id, expected 1 to 128 characters of printable ASCII "
           "without `/`";
}

std::string check_socket_type(const text& constant) {
  for (auto known : {"INBOUND", "OUTBOUND", "ALL"})
    if (constant.value == known)
      return {};
  return shown(constant)
         + R"( is unknown, expected "INBOUND", "OUTBOUND" or "ALL")";
}

std::string check_close_code(const text& constant) {
  if (parse_close_code(constant.value))
    return {};
  return shown(constant)
         + " is no close code, expected NORMAL_CLOSURE, ENDPOINT_GOING_DOWN, "
           "PROTOCOL_ERROR, INVALID_DATA, MESSAGE_TOO_LARGE or a number of "
           "1000 to 1003, 1007 to 1014, 3000 to 4999";
}

std::string check_reason(const text& constant) {
  constexpr std::size_t max_reason = 123;
  if (constant.value.size() <= max_reason)
    return {};
  return "has " + std::to_string(constant.value.size())
         + " bytes, expected at most 123";
}

std::string check_group(const text& constant) {
  constexpr std::size_t max_length = 256;
  if (constant.value.empty())
    return "is empty, expected a group's name";
  if (constant.value.size() > max_length)
    return "has " + std::to_string(constant.value.size())
           + " bytes, expected a group's name of at most 256";
  return {};
}

std::string check_path(const text& constant) {
  std::string problem;
  if (constant.value.find_first_of("?#") != std::string::npos)
    problem = "a path has no query";
  else if (path_pattern::parse(constant.value, &problem))
    return {};
  return shown(constant) + " is no path: " + problem
         + R"(, expected a pattern such as "/chat/{room}" or "/chat/*")";
}

std::string check_not_empty(const text& constant) {
  return constant.value.empty() ? "is empty, expected some text" : "";
}

} // namespace switchboard::config
