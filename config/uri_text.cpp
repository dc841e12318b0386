#include "config/uri_text.hpp"

#include <algorithm>
#include <optional>

#include <boost/url/parse.hpp>

#include <switchboard/path_pattern.hpp>

namespace switchboard::config {

namespace {

constexpr std::string_view brackets = "{}";

/// A text with a letter in place of each `{name}`, and these names.
struct filled_text {
  std::string text;
  std::vector<std::string> names;
};

/// @returns `nullopt` where braces are unbalanced, nested or empty.
std::optional<filled_text> fill(std::string_view text) {
  filled_text result;
  while (!text.empty()) {
    auto open = text.find_first_of(brackets);
    result.text += text.substr(0, open);
    if (open == std::string_view::npos)
      break;
    if (text[open] != '{')
      return std::nullopt;
    text.remove_prefix(open + 1);
    auto close = text.find_first_of(brackets);
    if (close == std::string_view::npos || close == 0 || text[close] != '}')
      return std::nullopt;
    std::string name{text.substr(0, close)};
    text.remove_prefix(close + 1);
    result.text += 'x';
    auto& names = result.names;
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
  return result;
}

constexpr std::string_view wrong_braces =
    "has a brace that makes no `{name}`, expected the name of a uri parameter "
    "between two braces";

} // namespace

std::string check_outbound_path(const text& path) {
  auto filled = fill(path.value);
  if (!filled)
    return std::string{wrong_braces};
  auto mark = std::min(filled->text.find('?'), filled->text.size());
  auto target =
      join_paths({}, filled->text.substr(0, mark)) + filled->text.substr(mark);
  if (boost::urls::parse_origin_form(target).has_value())
    return {};
  return shown(path)
         + " is no path, expected one such as \"/feed/{name}\", other "
           "characters percent-encoded";
}

std::string check_outbound_url(const text& url) {
  constexpr std::string_view expected =
      ", expected one such as \"wss://example.com:8443/feed/{name}\"";
  auto fail = [&](std::string_view why) {
    return std::string{why} + std::string{expected};
  };
  auto filled = fill(url.value);
  if (!filled)
    return std::string{wrong_braces};
  auto parsed = boost::urls::parse_uri(filled->text);
  if (!parsed.has_value())
    return fail("is no URL");
  auto scheme = parsed->scheme();
  // Parsed schemes keep their case.
  auto is = [&](std::string_view name) {
    return std::equal(scheme.begin(), scheme.end(), name.begin(), name.end(),
                      [](char x, char y) { return (x | 0x20) == y; });
  };
  if (!is("ws") && !is("wss"))
    return fail("has another scheme than ws and wss");
  if (!parsed->has_authority() || parsed->encoded_host().empty())
    return fail("has no host");
  if (parsed->has_userinfo())
    return fail("holds a user or password, which belong into "
                "[websocket.NAME.client.authentication]");
  if (parsed->has_fragment())
    return fail("has a fragment");
  if (parsed->has_port() && parsed->port_number() == 0)
    return fail("has no port from 1 to 65535");
  auto host = std::string_view{url.value}.substr(url.value.find("://") + 3);
  host = host.substr(0, host.find_first_of("/?"));
  if (host.find('{') != std::string_view::npos)
    return fail("has a `{name}` in its host");
  return {};
}

std::vector<std::string>
missing_uri_params(const text& target, const std::vector<std::string>& names) {
  std::vector<std::string> result;
  auto filled = fill(target.value);
  if (!filled)
    return result;
  for (auto& name : filled->names)
    if (std::find(names.begin(), names.end(), name) == names.end())
      result.push_back(
          (target.secret ? "has a `{name}`" : "has `{" + name + "}`")
          + std::string{", expected a value in uri_params"});
  return result;
}

} // namespace switchboard::config
