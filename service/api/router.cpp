#include "service/api/router.hpp"

#include <span>

#include "net/utf8.hpp"
#include "service/api/target.hpp"

namespace switchboard::service::api {

namespace {

/// Takes the next segment off a path that starts with a slash.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

/// Whether a path has a pattern's shape.
/// @param raw receives what the parameters match, still encoded.
bool matches(std::string_view pattern, std::string_view path,
             std::vector<std::pair<std::string_view, std::string_view>>& raw) {
  raw.clear();
  while (!pattern.empty() && !path.empty()) {
    auto expected = take_segment(pattern);
    auto segment = take_segment(path);
    if (is_parameter(expected)) {
      if (segment.empty())
        return false;
      raw.emplace_back(expected.substr(1, expected.size() - 2), segment);
    } else if (expected != segment) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

} // namespace

routing find_route(const std::vector<route>& table, std::string_view method,
                   std::string_view path) {
  if (!path.starts_with('/'))
    return no_such_path{};
  auto sought = method == "HEAD" ? std::string_view{"GET"} : method;
  std::vector<std::pair<std::string_view, std::string_view>> raw;
  std::string allowed;
  for (auto& entry : table) {
    if (!matches(entry.path, path, raw))
      continue;
    if (entry.method != sought) {
      allowed.append(allowed.empty() ? "" : ", ").append(entry.method);
      if (entry.method == "GET")
        allowed += ", HEAD";
      continue;
    }
    route_match result{&entry, {}};
    for (auto& [name, text] : raw) {
      auto value = decode_strictly(text, false);
      if (!value || !net::is_utf8(std::as_bytes(std::span{*value})))
        return wrong_encoding{};
      result.path_params.emplace_back(name, std::move(*value));
    }
    return result;
  }
  if (allowed.empty())
    return no_such_path{};
  return wrong_method{std::move(allowed)};
}

} // namespace switchboard::service::api
