#define CAF_SUITE config.limits

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

/// A file with sockets of both kinds and everything that limits them.
constexpr std::string_view everything = R"([limits]
memory = "64MiB"
groups = 12
[http_listener.main]
host = "127.0.0.1"
port = 0
max_connections_per_address = 4
max_connection_rate = 50
[websocket.chat.server]
listener = "main"
max_message_rate = 20
max_byte_rate = "64KiB"
rate_limit_action = "close"
max_groups_per_socket = 3
[websocket.chat.client]
max_message_rate = 7
rate_limit_action = "pause"
max_groups_per_socket = 1000
[[outbound]]
socket_id = "a"
send_queue_limit = "2KiB"
slow_consumer = "drop_oldest"
[[flow]]
name = "in"
source = "inbound-listener"
send_queue_limit = "8KiB"
slow_consumer = "drop_newest"
steps = [
  { open_outbound_socket = { path = "/x", send_queue_limit = "1KiB" } },
]
[[flow]]
name = "out"
source = "outbound-listener"
slow_consumer = "close"
)";

} // namespace

CAF_TEST(limits have the defaults of the manual) {
  auto all = good(small_file).switchboard;
  CAF_CHECK_EQUAL(all.limits.memory, 512u * 1024 * 1024);
  CAF_CHECK_EQUAL(all.limits.groups, 100'000u);
  auto none = std::numeric_limits<std::size_t>::max();
  CAF_CHECK_EQUAL(all.listeners.at(0).max_connections_per_address, none);
  CAF_CHECK_EQUAL(all.listeners.at(0).max_connection_rate, 0u);
  CAF_CHECK_EQUAL(all.listeners.at(0).max_handshakes, 1024u);
  auto& server = *all.websockets.at(0).server;
  CAF_CHECK(server.rate == rate_limit_options{});
  CAF_CHECK_EQUAL(server.max_groups_per_socket, 1000u);
}

CAF_TEST(every limit is read) {
  auto all = good(everything);
  auto& board = all.switchboard;
  CAF_CHECK_EQUAL(board.limits.memory, 64u * 1024 * 1024);
  CAF_CHECK_EQUAL(board.limits.groups, 12u);
  CAF_CHECK_EQUAL(board.listeners.at(0).max_connections_per_address, 4u);
  CAF_CHECK_EQUAL(board.listeners.at(0).max_connection_rate, 50u);
  auto& server = *board.websockets.at(0).server;
  CAF_CHECK(
      (server.rate == rate_limit_options{20, 65536, rate_limit_action::close}));
  CAF_CHECK_EQUAL(server.max_groups_per_socket, 3u);
  auto& client = *board.websockets.at(0).client;
  CAF_CHECK(
      (client.rate == rate_limit_options{7, 0, rate_limit_action::pause}));
  CAF_CHECK((board.outbound.at(0).send_queue
             == send_queue_options{2048, slow_consumer_policy::drop_oldest}));
  CAF_CHECK((all.flows.at(0).send_queue
             == send_queue_options{8192, slow_consumer_policy::drop_newest}));
  auto& step =
      std::get<open_outbound_socket_step>(all.flows.at(0).steps.at(0).form);
  CAF_CHECK((step.send_queue == send_queue_options{1024, std::nullopt}));
  CAF_CHECK((all.flows.at(1).send_queue
             == send_queue_options{0, slow_consumer_policy::close}));
}

CAF_TEST(limits are checked) {
  check_rows(with("[limits]\n"),
             {{R"(memory = "1MiB")", ""},
              {R"(memory = "1023KiB")",
               "10: limits.memory: \"1023KiB\" is too small, expected a size "
               "such as \"64KiB\" or \"1MiB\" of at least 1048576B"},
              {"groups = 0", "10: limits.groups: 0 is out of range, expected "
                             "an integer of at least 1"},
              {"group = 1", "1: limits.group: is an unknown key, the nearest "
                            "known key is groups"}});
  check_rows("[http_listener.m]\nhost = \"h\"\nport = 1\n"
             "[websocket.a.server]\nlistener = \"m\"\n",
             {{"max_message_rate = 0",
               "20: websocket.a.server.max_message_rate: 0 is out of range, "
               "expected an integer from 1 to 1000000000"},
              {R"(rate_limit_action = "close")",
               "1: websocket.a.server.rate_limit_action: has no effect here, "
               "expected max_message_rate or max_byte_rate beside it"},
              {"max_groups_per_socket = 1001",
               "25: websocket.a.server.max_groups_per_socket: 1001 is out of "
               "range, expected an integer from 1 to 1000"}});
  check_rows("[websocket.a.server]\nlistener = \"m\"\n"
             "[http_listener.m]\nhost = \"h\"\nport = 1\n",
             {{"max_connection_rate = 0",
               "23: http_listener.m.max_connection_rate: 0 is out of range, "
               "expected an integer from 1 to 1000000"},
              {"max_connections_per_address = 0",
               "31: http_listener.m.max_connections_per_address: 0 is out of "
               "range, expected an integer of at least 1"}});
  check_rows(with("[[flow]]\nname = \"f\"\nsource = \"on-socket-closed\"\n"),
             {{R"(slow_consumer = "close")",
               "1: flow[0].slow_consumer: has no effect here, expected it only "
               "with source inbound-listener or outbound-listener"}});
}
