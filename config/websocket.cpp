#include <algorithm>
#include <limits>

#include "config/addresses.hpp"
#include "config/sections.hpp"

namespace switchboard::config {

namespace {

using std::chrono::nanoseconds;

constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

constexpr key_spec websocket_keys[] = {
    {"server"},
    {"client", presence::later},
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
};

constexpr key_spec compression_keys[] = {
    {"server_max_window_bits"},
    {"client_max_window_bits"},
    {"server_no_context_takeover"},
    {"client_no_context_takeover"},
    {"level"},
    {"memory_level"},
    {"minimum_size"},
};

constexpr key_spec reconnection_keys[] = {
    {"fails_deployment"}, {"strategy"}, {"frequency"}, {"count"},
    {"blocking"},         {"backoff"},
};

constexpr key_spec backoff_keys[] = {
    {"factor"},
    {"max"},
    {"jitter"},
};

constexpr named<bool> compressions[] = {
    {"off", false},
    {"on", true},
};

constexpr named<slow_consumer_policy> policies[] = {
    {"close", slow_consumer_policy::close},
    {"drop_newest", slow_consumer_policy::drop_newest},
    {"drop_oldest", slow_consumer_policy::drop_oldest},
};

constexpr named<reconnection_strategy> strategies[] = {
    {"none", reconnection_strategy::none},
    {"reconnect", reconnection_strategy::reconnect},
    {"reconnect-forever", reconnection_strategy::reconnect_forever},
};

void read_compression(const value_reader& value, compression_options& out) {
  if (value.node().is_string()) {
    if (auto on = table_reader::read_one_of(value, compressions))
      out.enabled = *on;
    return;
  }
  table_reader table{value, compression_keys,
                     R"("off", "on" or a table of parameters)"};
  out.enabled = true;
  table.integer("server_max_window_bits", out.server_max_window_bits, 9, 15);
  table.integer("client_max_window_bits", out.client_max_window_bits, 9, 15);
  table.boolean("server_no_context_takeover", out.server_no_context_takeover);
  table.boolean("client_no_context_takeover", out.client_no_context_takeover);
  table.integer("level", out.level, 0, 9);
  table.integer("memory_level", out.memory_level, 1, 9);
  table.size("minimum_size", out.minimum_size, 0, unlimited);
}

void read_subprotocols(const table_reader& table,
                       std::vector<std::string>& out) {
  auto names = table.strings("subprotocols");
  if (!names)
    return;
  for (auto& name : *names) {
    if (!is_token(name.value))
      table.shared().refuse(name, shown(name)
                                      + " is no subprotocol, expected a token "
                                        "such as \"chat.v1\"");
    else if (std::find(out.begin(), out.end(), name.value) != out.end())
      table.shared().refuse(name, shown(name)
                                      + " stands twice, expected each "
                                        "subprotocol once");
    else
      out.push_back(name.value);
  }
}

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
  table.duration("ping_interval", result.ping_interval, nanoseconds{0});
  table.size("max_message_size", result.max_message_size, 1, unlimited);
  if (auto compression = table.find("compression"))
    read_compression(*compression, result.compression);
  read_subprotocols(table, result.subprotocols);
  table.size("send_queue_limit", result.send_queue_limit, 1, unlimited);
  table.one_of("slow_consumer", result.slow_consumer, policies);
  return result;
}

void read_backoff(const value_reader& value, backoff_options& out) {
  table_reader table{value, backoff_keys};
  table.number("factor", out.factor, 1.0, std::numeric_limits<double>::max());
  table.duration("max", out.max, nanoseconds{1});
  table.number("jitter", out.jitter, 0.0, 1.0);
}

void read_reconnection(const value_reader& value, reconnection_options& out) {
  table_reader table{value, reconnection_keys};
  table.boolean("fails_deployment", out.fails_deployment);
  table.one_of("strategy", out.strategy, strategies);
  table.duration("frequency", out.frequency, nanoseconds{1});
  table.integer("count", out.count, 0,
                std::numeric_limits<std::uint32_t>::max());
  table.boolean("blocking", out.blocking);
  if (auto backoff = table.find("backoff"))
    read_backoff(*backoff, out.backoff);
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
  else if (!table.has("client") && !table.is_misspelled("server"))
    table.shared().report(table.at(), table.key_of("server"),
                          "is missing, expected a table "
                          "[websocket.NAME.server]");
  if (auto reconnection = table.find("reconnection"))
    read_reconnection(*reconnection, options.reconnection);
  out.value.switchboard.websockets.push_back(std::move(options));
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
