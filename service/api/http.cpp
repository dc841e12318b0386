#include "service/api/http.hpp"

#include <algorithm>

namespace switchboard::service::api {

namespace {

const std::string* find(const string_pairs& pairs, std::string_view name) {
  auto i = std::find_if(pairs.begin(), pairs.end(),
                        [&](auto& pair) { return pair.first == name; });
  return i == pairs.end() ? nullptr : &i->second;
}

} // namespace

const std::string& request::path_param(std::string_view name) const {
  static const std::string none;
  auto value = find(path_params, name);
  return value != nullptr ? *value : none;
}

const std::string* request::parameter(std::string_view name) const {
  return find(query, name);
}

std::vector<std::string> request::parameters(std::string_view name) const {
  std::vector<std::string> result;
  for (auto& [key, value] : query)
    if (key == name)
      result.push_back(value);
  return result;
}

} // namespace switchboard::service::api
