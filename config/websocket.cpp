#include "config/client.hpp"
#include "config/reconnection.hpp"
#include "config/sections.hpp"
#include "config/socket_keys.hpp"

namespace switchboard::config {

namespace {

using std::chrono::nanoseconds;

constexpr key_spec websocket_keys[] = {
    {"server"},
    {"client"},
    {"reconnection"},
};

constexpr key_spec server_keys[] = {
    {"listener", presence::required, "the name of an http_listener"},
    {"listener_base_path"},
    {"idle_socket_timeout"},
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

server_options read_server(const value_reader& value, websocket_draft& notes) {
  table_reader table{value, server_keys};
  server_options result;
  if ((notes.listener = table.string("listener")))
    result.listener = notes.listener->value;
  if (auto base = table.find("listener_base_path")) {
    notes.base_path = read_base_path(*base);
    notes.base_path_wrong = !notes.base_path;
    if (notes.base_path)
      result.listener_base_path = notes.base_path->value;
  }
  table.duration("idle_socket_timeout", result.idle_socket_timeout,
                 nanoseconds{1});
  read_socket_keys(table, result);
  return result;
}

void read_websocket(const named_table& entry, draft& out) {
  table_reader table{entry.value, websocket_keys};
  websocket_options options;
  websocket_draft notes;
  options.name = entry.name;
  options.at = table.at();
  notes.key = table.key();
  if (auto server = table.find("server"))
    options.server = read_server(*server, notes);
  if (auto client = table.find("client"))
    options.client = read_client(*client, notes);
  notes.has_server = table.has("server") || table.is_misspelled("server");
  notes.has_client = table.has("client") || table.is_misspelled("client");
  if (!notes.has_server && !notes.has_client)
    table.shared().report(table.at(), table.key_of("server"),
                          "is missing, expected a table "
                          "[websocket.NAME.server], [websocket.NAME.client] "
                          "or both");
  if (auto reconnection = table.find("reconnection"))
    options.reconnection = read_reconnection(*reconnection);
  out.value.switchboard.websockets.push_back(std::move(options));
  if (notes.tls)
    out.tls_uses.push_back({*notes.tls, false});
  out.websockets.push_back(std::move(notes));
}

} // namespace

void read_websockets(const value_reader& section, draft& out) {
  auto known = section.shared().found.size();
  auto entries = named_tables(section, "a table [websocket.NAME]");
  out.websockets_unclear = section.shared().found.size() != known;
  for (auto& entry : entries)
    read_websocket(entry, out);
}

} // namespace switchboard::config
