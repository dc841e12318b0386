#include "net/token_claims.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace switchboard::net {

namespace {

namespace json = boost::json;

std::string_view view_of(const json::value& text) {
  auto& string = text.get_string();
  return {string.data(), string.size()};
}

bool has_word(std::string_view text, std::string_view word) {
  if (text == word)
    return true;
  while (!text.empty()) {
    auto end = std::min(text.find(' '), text.size());
    if (text.substr(0, end) == word)
      return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

} // namespace

bool claim_has(const json::object& claims, std::string_view name,
               std::string_view text) {
  auto found = claims.if_contains(name);
  if (found == nullptr)
    return false;
  if (found->is_string())
    return has_word(view_of(*found), text);
  if (!found->is_array())
    return false;
  auto& list = found->get_array();
  return std::any_of(list.begin(), list.end(), [&](auto& one) {
    return one.is_string() && view_of(one) == text;
  });
}

bool read_groups(const json::object& claims, std::string_view name,
                 std::vector<std::string>& out) {
  auto found = claims.if_contains(name);
  if (found == nullptr)
    return true;
  auto add = [&](const json::value& one) {
    if (!one.is_string())
      return false;
    auto group = view_of(one);
    if (group.empty() || group.size() > longest_group_name)
      return false;
    if (std::find(out.begin(), out.end(), group) == out.end())
      out.emplace_back(group);
    return true;
  };
  if (!found->is_array())
    return add(*found);
  auto& list = found->get_array();
  return list.size() <= most_token_groups
         && std::all_of(list.begin(), list.end(), add);
}

} // namespace switchboard::net
