#include <algorithm>

#include "config/credentials.hpp"
#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"host", presence::required, "an address or host name"},
    {"port", presence::required, "an integer from 1 to 65535"},
    {"username"},
    {"password"},
    {"non_proxy_hosts"},
    {"ntlm_domain"},
};

/// Whether a text can match hosts, `*` standing for any run of characters.
bool is_host_pattern(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9')
           || std::string_view{"-._:*"}.find(c) != std::string_view::npos;
  });
}

/// The parts of a comma-separated text, spaces around them cut off.
std::vector<text> split(const text& list) {
  std::vector<text> result;
  std::string_view rest = list.value;
  for (;;) {
    auto end = rest.find(',');
    auto part = rest.substr(0, end);
    auto first = std::min(part.find_first_not_of(" \t"), part.size());
    part.remove_prefix(first);
    part = part.substr(0, part.find_last_not_of(" \t") + 1);
    result.push_back({std::string{part}, list.at, list.key, list.secret});
    if (end == std::string_view::npos)
      return result;
    rest.remove_prefix(end + 1);
  }
}

void read_non_proxy_hosts(const table_reader& table,
                          std::vector<std::string>& out) {
  auto value = table.find("non_proxy_hosts");
  if (!value)
    return;
  std::optional<std::vector<text>> hosts;
  if (value->node().is_array())
    hosts = table.strings("non_proxy_hosts");
  else if (auto list =
               value->string("an array of hosts or a comma-separated string"))
    hosts = split(*list);
  if (!hosts)
    return;
  for (auto& host : *hosts) {
    if (is_host_pattern(host.value))
      out.push_back(host.value);
    else
      table.shared().refuse(host, shown(host)
                                      + " is no host, expected one such as "
                                        "\"*.internal\" or \"10.0.*\"");
  }
}

void read_proxy(const named_table& entry, draft& out) {
  table_reader table{entry.value, keys};
  proxy_options options;
  options.name = entry.name;
  options.at = table.at();
  if (auto host = table.find("host"))
    if (auto found = read_host(*host))
      options.host = found->value;
  table.integer("port", options.port, 1, 65535);
  read_username(table, options.username);
  read_password(table, options.password);
  read_non_proxy_hosts(table, options.non_proxy_hosts);
  read_ntlm_name(table, "ntlm_domain", options.ntlm_domain);
  if (!table.has("username") && !table.is_misspelled("username")) {
    if (table.has("ntlm_domain"))
      table.refuse_key("ntlm_domain",
                       "needs credentials, expected username beside it");
    else if (table.has("password"))
      table.refuse_key("password",
                       "has no effect alone, expected username beside it");
  }
  out.value.switchboard.proxies.push_back(std::move(options));
}

} // namespace

void read_proxies(const value_reader& section, draft& out) {
  auto known = section.shared().found.size();
  auto entries = named_tables(section, "a table [proxy.NAME]");
  out.proxies_unclear |= section.shared().found.size() != known;
  for (auto& entry : entries)
    read_proxy(entry, out);
}

} // namespace switchboard::config
