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

constexpr named<rate_limit_action> rate_actions[] = {
    {"pause", rate_limit_action::pause},
    {"close", rate_limit_action::close},
};

/// Of messages a second; more than anybody can send.
constexpr std::int64_t max_rate = 1'000'000'000;

/// Lists of groups in requests end there as well.
constexpr std::int64_t max_groups = 1000;

void read_rates(const table_reader& table, rate_limit_options& out) {
  table.integer("max_message_rate", out.messages, 1, max_rate);
  std::size_t bytes = 0;
  if (table.size("max_byte_rate", bytes, 1, unlimited))
    out.bytes = bytes;
  table.one_of("rate_limit_action", out.action, rate_actions);
  if (table.has("rate_limit_action") && !table.has("max_message_rate")
      && !table.has("max_byte_rate") && !table.is_misspelled("max_message_rate")
      && !table.is_misspelled("max_byte_rate"))
    table.refuse_key("rate_limit_action",
                     "has no effect here, expected max_message_rate or "
                     "max_byte_rate beside it");
}

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
  read_rates(table, out.rate);
  table.integer("max_groups_per_socket", out.max_groups_per_socket, 1,
                max_groups);
}

} // namespace

send_queue_options read_send_queue(const table_reader& table) {
  send_queue_options result;
  table.size("send_queue_limit", result.limit, 1, unlimited);
  auto policy = slow_consumer_policy::close;
  if (table.one_of("slow_consumer", policy, policies))
    result.slow_consumer = policy;
  return result;
}

void read_socket_keys(const table_reader& table, server_options& out) {
  read(table, out);
}

void read_socket_keys(const table_reader& table, client_options& out) {
  read(table, out);
}

} // namespace switchboard::config
