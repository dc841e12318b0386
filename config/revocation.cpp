#include "config/revocation.hpp"

#include <algorithm>
#include <array>

#include <boost/url/parse.hpp>

#include "config/file_path.hpp"
#include "config/table_reader.hpp"

namespace switchboard::config {

namespace {

constexpr std::array<std::string_view, 3> ways = {
    "standard", "custom_ocsp_responder", "crl_file"};

constexpr key_spec standard_keys[] = {
    {"only_end_entities"}, {"prefer_crls"}, {"no_fallback"}, {"soft_fail"}};

constexpr key_spec responder_keys[] = {
    {"url", presence::required, "the URL of an OCSP responder"},
    {"cert_alias"},
};

standard_revocation read_standard(const value_reader& value) {
  table_reader table{value, standard_keys};
  standard_revocation result;
  table.boolean("only_end_entities", result.only_end_entities);
  table.boolean("prefer_crls", result.prefer_crls);
  table.boolean("no_fallback", result.no_fallback);
  table.boolean("soft_fail", result.soft_fail);
  return result;
}

/// What keeps a URL from being asked; empty where nothing does.
std::string_view wrong_url(const std::string& url) {
  auto parsed = boost::urls::parse_uri(url);
  if (!parsed.has_value())
    return "is no URL";
  constexpr std::string_view http = "http";
  auto scheme = parsed->scheme();
  // Parsed schemes keep their case.
  if (!std::equal(scheme.begin(), scheme.end(), http.begin(), http.end(),
                  [](char x, char y) { return (x | 0x20) == y; }))
    return "has another scheme than http";
  if (!parsed->has_authority() || parsed->encoded_host().empty())
    return "has no host";
  if (parsed->has_userinfo() || parsed->has_fragment())
    return "holds a user, a password or a fragment";
  if (parsed->has_port() && parsed->port_number() == 0)
    return "has no port from 1 to 65535";
  return {};
}

custom_ocsp_responder read_responder(const value_reader& value,
                                     bool has_trust_store) {
  table_reader table{value, responder_keys};
  custom_ocsp_responder result;
  if (auto url = table.string("url")) {
    if (auto wrong = wrong_url(url->value); wrong.empty())
      result.url = url->value;
    else
      table.shared().refuse(
          *url, std::string{wrong}
                    + ", expected one such as \"http://ocsp.example.com/\"");
  }
  auto alias = table.string("cert_alias");
  if (!alias)
    return result;
  if (alias->value.empty())
    table.shared().refuse(*alias, "is empty, expected the alias of a "
                                  "certificate in the trust_store");
  else if (!has_trust_store)
    table.shared().refuse(*alias, shown(*alias)
                                      + " has no trust_store to be found in, "
                                        "expected one with a path beside it");
  result.cert_alias = alias->value;
  return result;
}

crl_file read_crl_file(const value_reader& value) {
  table_reader table{value, {{"path", presence::required, "a file"}}};
  crl_file result;
  read_file_path(table, result.path);
  return result;
}

} // namespace

std::optional<revocation_options>
read_revocation_check(const value_reader& value, bool has_trust_store) {
  table_reader table{value, {{ways[0]}, {ways[1]}, {ways[2]}}};
  std::optional<revocation_options> result;
  auto present = 0;
  for (auto way : ways)
    if (table.has(way) && ++present == 2)
      table.refuse_key(way, "stands beside another way to check, expected one "
                            "of standard, custom_ocsp_responder and crl_file");
  if (present == 0 && !table.has_refused())
    value.refuse("says no way to check, expected one of standard, "
                 "custom_ocsp_responder and crl_file");
  if (auto way = table.find(ways[0]))
    result = read_standard(*way);
  if (auto way = table.find(ways[1]))
    result = read_responder(*way, has_trust_store);
  if (auto way = table.find(ways[2]))
    result = read_crl_file(*way);
  return result;
}

} // namespace switchboard::config
