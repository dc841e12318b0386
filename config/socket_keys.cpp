#include "config/socket_keys.hpp"

#include <algorithm>
#include <limits>

#include "config/addresses.hpp"

namespace switchboard::config {

namespace {

constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

constexpr key_spec compression_keys[] = {
    {"server_max_window_bits"},
    {"client_max_window_bits"},
    {"server_no_context_takeover"},
    {"client_no_context_takeover"},
    {"level"},
    {"memory_level"},
    {"minimum_size"},
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

template <class Options>
void read(const table_reader& table, Options& out) {
  table.duration("ping_interval", out.ping_interval,
                 std::chrono::nanoseconds{0});
  table.size("max_message_size", out.max_message_size, 1, unlimited);
  if (auto compression = table.find("compression"))
    read_compression(*compression, out.compression);
  read_subprotocols(table, out.subprotocols);
  table.size("send_queue_limit", out.send_queue_limit, 1, unlimited);
  table.one_of("slow_consumer", out.slow_consumer, policies);
}

} // namespace

void read_socket_keys(const table_reader& table, server_options& out) {
  read(table, out);
}

void read_socket_keys(const table_reader& table, client_options& out) {
  read(table, out);
}

} // namespace switchboard::config
