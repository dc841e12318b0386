#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/shown.hpp"

namespace switchboard::config {

/// What is wrong with the path of an outbound socket, with or without a query,
/// in which `{name}` stands for a uri parameter: completes a message that
/// begins with it. Empty where nothing is.
std::string check_outbound_path(const text& path);

/// The same for its URL: `ws://` or `wss://`, without user, password and
/// fragment; `{name}` stands behind the host only. Never repeats the URL,
/// which may hold a secret.
std::string check_outbound_url(const text& url);

/// A message for each `{name}` of a path or URL that is none of the names.
std::vector<std::string>
missing_uri_params(const text& target, const std::vector<std::string>& names);

/// The same for names with values.
template <class Value>
std::vector<std::string>
missing_uri_params(const text& target,
                   const std::vector<std::pair<std::string, Value>>& params) {
  std::vector<std::string> names;
  for (auto& pair : params)
    names.push_back(pair.first);
  return missing_uri_params(target, names);
}

} // namespace switchboard::config
