#include "config/client.hpp"

#include <limits>

#include "config/credentials.hpp"
#include "config/name_values.hpp"
#include "config/sections.hpp"
#include "config/socket_keys.hpp"

namespace switchboard::config {

namespace {

using std::chrono::nanoseconds;

constexpr key_spec client_keys[] = {
    {"host"},
    {"port"},
    {"base_path"},
    {"protocol"},
    {"tls"},
    {"default_headers"},
    {"default_query_params"},
    {"connection_idle_timeout"},
    {"follow_redirects"},
    {"preserve_headers_case"},
    {"max_connections"},
    {"connection_timeout"},
    {"proxy"},
    {"authentication"},
    {"ping_interval"},
    {"max_message_size"},
    {"compression"},
    {"subprotocols"},
    {"send_queue_limit"},
    {"slow_consumer"},
    {"max_message_rate"},
    {"max_byte_rate"},
    {"rate_limit_action"},
    {"max_groups_per_socket"},
};

constexpr key_spec authentication_keys[] = {
    {"type", presence::required, R"("basic", "digest" or "ntlm")"},
    {"username", presence::required, "a user's name"},
    {"password", presence::required, "a password"},
    {"preemptive"},
    {"domain"},
    {"workstation"},
};

constexpr named<bool> protocols[] = {
    {"WS", false},
    {"WSS", true},
};

constexpr named<authentication_scheme> schemes[] = {
    {"basic", authentication_scheme::basic},
    {"digest", authentication_scheme::digest},
    {"ntlm", authentication_scheme::ntlm},
};

authentication_options read_authentication(const value_reader& value) {
  table_reader table{value, authentication_keys};
  authentication_options result;
  auto typed = table.one_of("type", result.scheme, schemes);
  read_username(table, result.username);
  read_password(table, result.password);
  table.boolean("preemptive", result.preemptive);
  read_ntlm_name(table, "domain", result.domain);
  read_ntlm_name(table, "workstation", result.workstation);
  if (typed && result.scheme != authentication_scheme::ntlm)
    for (auto name : {"domain", "workstation"})
      if (table.has(name))
        table.refuse_key(name, "has no effect here, expected it only with "
                               "type \"ntlm\"");
  return result;
}

void read_max_connections(const table_reader& table, std::size_t& out) {
  constexpr std::int64_t unlimited = -1;
  auto limit = unlimited;
  if (!table.integer("max_connections", limit, unlimited,
                     std::numeric_limits<std::int64_t>::max()))
    return;
  if (limit == 0)
    table.find("max_connections")
        ->refuse("0 lets no socket be opened, expected at least 1, or -1 for "
                 "no limit");
  else if (limit != unlimited)
    out = static_cast<std::size_t>(limit);
}

} // namespace

client_options read_client(const value_reader& value, websocket_draft& notes) {
  table_reader table{value, client_keys};
  client_options result;
  if (auto host = table.find("host"))
    if (auto found = read_host(*host))
      result.host = found->value;
  std::uint16_t port = 0;
  if (table.integer("port", port, 1, 65535))
    result.port = port;
  if (auto base = table.find("base_path"))
    if (auto path = read_base_path(*base))
      result.base_path = path->value;
  table.one_of("protocol", result.secure, protocols);
  read_headers(table, "default_headers", result.default_headers);
  read_query_params(table, "default_query_params", result.default_query_params);
  if (nanoseconds idle{};
      table.duration("connection_idle_timeout", idle, nanoseconds{1}))
    result.connection_idle_timeout = idle;
  table.boolean("follow_redirects", result.follow_redirects);
  table.boolean("preserve_headers_case", result.preserve_headers_case);
  read_max_connections(table, result.max_connections);
  table.duration("connection_timeout", result.connection_timeout,
                 nanoseconds{1});
  if ((notes.tls = table.string("tls")))
    result.tls = notes.tls->value;
  if ((notes.proxy = table.string("proxy")))
    result.proxy = notes.proxy->value;
  if (auto authentication = table.find("authentication"))
    result.authentication = read_authentication(*authentication);
  read_socket_keys(table, result);
  return result;
}

} // namespace switchboard::config
