#define CAF_SUITE config.websocket

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view reconnection_header = R"([http_listener.main]
host = "127.0.0.1"
port = 8080
[websocket.chat.server]
listener = "main"
[websocket.chat.reconnection]
)";

} // namespace

CAF_TEST(a configuration has the defaults of the specification) {
  auto options = good(small_file).switchboard.websockets.at(0);
  CAF_CHECK_EQUAL(options.name, "chat");
  CAF_CHECK_EQUAL(options.at.line, 4u);
  CAF_REQUIRE(options.server.has_value());
  auto& server = *options.server;
  CAF_CHECK_EQUAL(server.listener, "main");
  CAF_CHECK(!server.listener_base_path);
  CAF_CHECK(server.idle_socket_timeout == 15min);
  CAF_CHECK(server.ping_interval == 30s);
  CAF_CHECK_EQUAL(server.max_message_size, 1048576u);
  CAF_CHECK(!server.compression.enabled);
  CAF_CHECK(server.subprotocols.empty());
  CAF_CHECK_EQUAL(server.send_queue_limit, 1048576u);
  CAF_CHECK(server.slow_consumer == slow_consumer_policy::close);
  auto& reconnection = options.reconnection;
  CAF_CHECK(!reconnection.fails_deployment);
  CAF_CHECK(reconnection.strategy == reconnection_strategy::none);
  CAF_CHECK(reconnection.frequency == 2s);
  CAF_CHECK_EQUAL(reconnection.count, 2u);
  CAF_CHECK(reconnection.blocking);
  CAF_CHECK_EQUAL(reconnection.backoff.factor, 1.0);
  CAF_CHECK(reconnection.backoff.max == 60s);
  CAF_CHECK_EQUAL(reconnection.backoff.jitter, 0.0);
  CAF_CHECK_EQUAL(reconnection.final_close_codes,
                  (std::vector<std::uint16_t>{1000}));
}

CAF_TEST(every key of a server is read) {
  auto options = good(R"([http_listener.main]
host = "127.0.0.1"
port = 8080
[websocket.chat.server]
listener = "main"
listener_base_path = "chat"
idle_socket_timeout = "1h"
ping_interval = "0s"
max_message_size = "64KiB"
subprotocols = ["b", "a"]
send_queue_limit = "2MiB"
slow_consumer = "drop_oldest"
[websocket.chat.server.compression]
server_max_window_bits = 9
client_max_window_bits = 10
server_no_context_takeover = true
client_no_context_takeover = true
level = 1
memory_level = 9
minimum_size = "0B"
)")
                     .switchboard.websockets.at(0);
  auto& server = *options.server;
  CAF_CHECK_EQUAL(*server.listener_base_path, "/chat");
  CAF_CHECK(server.idle_socket_timeout == 1h);
  CAF_CHECK(server.ping_interval == 0s);
  CAF_CHECK_EQUAL(server.max_message_size, 65536u);
  CAF_CHECK_EQUAL(server.subprotocols, (std::vector<std::string>{"b", "a"}));
  CAF_CHECK_EQUAL(server.send_queue_limit, 2097152u);
  CAF_CHECK(server.slow_consumer == slow_consumer_policy::drop_oldest);
  auto& compression = server.compression;
  CAF_CHECK(compression.enabled);
  CAF_CHECK_EQUAL(compression.server_max_window_bits, 9);
  CAF_CHECK_EQUAL(compression.client_max_window_bits, 10);
  CAF_CHECK(compression.server_no_context_takeover);
  CAF_CHECK(compression.client_no_context_takeover);
  CAF_CHECK_EQUAL(compression.level, 1);
  CAF_CHECK_EQUAL(compression.memory_level, 9);
  CAF_CHECK_EQUAL(compression.minimum_size, 0u);
}

CAF_TEST(compression is a word or a table) {
  auto of = [](std::string_view value) {
    return good(std::string{small_file} + "compression = " + std::string{value})
        .switchboard.websockets.at(0)
        .server->compression;
  };
  CAF_CHECK(of("\"on\"").enabled);
  CAF_CHECK(!of("\"off\"").enabled);
  CAF_CHECK(of("{}").enabled);
  CAF_CHECK_EQUAL(of("{}").level, 6);
  check_rows(
      small_file,
      {{"compression = true", "15: websocket.chat.server.compression: is a "
                              "boolean, expected \"off\", "
                              "\"on\" or a table of parameters"},
       {R"(compression = "max")",
        "15: websocket.chat.server.compression: \"max\" is unknown, expected "
        "\"off\" or \"on\""},
       {"compression = { level = 10, memory_level = 0 }",
        "25: websocket.chat.server.compression.level: 10 is out of range, "
        "expected an integer from 0 to 9\n"
        "44: websocket.chat.server.compression.memory_level: 0 is out of "
        "range, "
        "expected an integer from 1 to 9"},
       {"compression = { server_max_window_bits = 8, "
        "client_max_window_bits = 16 }",
        "42: websocket.chat.server.compression.server_max_window_bits: 8 is "
        "out "
        "of range, expected an integer from 9 to 15\n"
        "70: websocket.chat.server.compression.client_max_window_bits: 16 is "
        "out "
        "of range, expected an integer from 9 to 15"},
       {"compression = { levle = 5, server_no_context_takeover = 1 }",
        "17: websocket.chat.server.compression.levle: is an unknown key, the "
        "nearest known key is level\n"
        "57: websocket.chat.server.compression.server_no_context_takeover: is "
        "an "
        "integer, expected true or false"},
       {"compression = { client_no_context_takeover = \"x\", minimum_size = 5 "
        "}",
        "46: websocket.chat.server.compression.client_no_context_takeover: is "
        "a "
        "string, expected true or false\n"
        "66: websocket.chat.server.compression.minimum_size: is an integer, "
        "expected a size such as \"64KiB\" or \"1MiB\""}});
}

CAF_TEST(the keys of a server are checked) {
  check_rows(
      small_file,
      {{R"(idle_socket_timeout = "0s")",
        "23: websocket.chat.server.idle_socket_timeout: \"0s\" is too short, "
        "expected a duration such as \"250ms\" or \"15min\" longer than 0"},
       {R"(ping_interval = "-1s")",
        "17: websocket.chat.server.ping_interval: \"-1s\" is negative, "
        "expected "
        "a duration such as \"250ms\" or \"15min\""},
       {R"(max_message_size = "1MB")",
        "20: websocket.chat.server.max_message_size: \"1MB\" has no known "
        "unit, "
        "expected a size such as \"64KiB\" or \"1MiB\" of at least 1B (B KiB "
        "MiB "
        "GiB)"},
       {R"(send_queue_limit = "0B")",
        "20: websocket.chat.server.send_queue_limit: \"0B\" is too small, "
        "expected a size such as \"64KiB\" or \"1MiB\" of at least 1B"},
       {R"(slow_consumer = "drop")",
        "17: websocket.chat.server.slow_consumer: \"drop\" is unknown, "
        "expected "
        "\"close\", \"drop_newest\" or \"drop_oldest\""},
       {R"(subprotocols = ["a b", "c", "c", ""])",
        "17: websocket.chat.server.subprotocols[0]: \"a b\" is no subprotocol, "
        "expected a token such as \"chat.v1\"\n"
        "29: websocket.chat.server.subprotocols[2]: \"c\" stands twice, "
        "expected "
        "each subprotocol once\n"
        "34: websocket.chat.server.subprotocols[3]: \"\" is no subprotocol, "
        "expected a token such as \"chat.v1\""},
       {R"(listener_base_path = "/*")",
        "22: websocket.chat.server.listener_base_path: \"/*\" is no base path, "
        "expected literal segments in ASCII such as \"/chat\""},
       {"close_timeout = \"1s\"", "1: websocket.chat.server.close_timeout: is "
                                  "an unknown key, the nearest "
                                  "known key is idle_socket_timeout"}});
  CAF_CHECK_EQUAL(problems_of("[websocket.a.server]\n"),
                  "1:1: websocket.a.server.listener: is missing, expected the "
                  "name of an http_listener\n");
}

CAF_TEST(every key of reconnection is read) {
  auto options = good(std::string{reconnection_header} + R"(
fails_deployment = true
strategy = "reconnect"
frequency = "500ms"
count = 7
blocking = false
backoff = { factor = 2, max = "5min", jitter = 0.5 }
final_close_codes = [1001, "4000", "INVALID_DATA", 1005, 1001]
)")
                     .switchboard.websockets.at(0)
                     .reconnection;
  CAF_CHECK(options.fails_deployment);
  CAF_CHECK(options.strategy == reconnection_strategy::reconnect);
  CAF_CHECK(options.frequency == 500ms);
  CAF_CHECK_EQUAL(options.count, 7u);
  CAF_CHECK(!options.blocking);
  CAF_CHECK_EQUAL(options.backoff.factor, 2.0);
  CAF_CHECK(options.backoff.max == 5min);
  CAF_CHECK_EQUAL(options.backoff.jitter, 0.5);
  // Both 1007 and 1003 are called INVALID_DATA.
  CAF_CHECK_EQUAL(options.final_close_codes,
                  (std::vector<std::uint16_t>{1001, 4000, 1007, 1003, 1005}));
  options = good(std::string{reconnection_header}
                 + R"(strategy = "reconnect-forever")")
                .switchboard.websockets.at(0)
                .reconnection;
  CAF_CHECK(options.strategy == reconnection_strategy::reconnect_forever);
}

CAF_TEST(the keys of reconnection are checked) {
  check_rows(
      reconnection_header,
      {{R"(strategy = "none")", ""},
       {R"(strategy = "reconnect_forever")",
        "12: websocket.chat.reconnection.strategy: \"reconnect_forever\" is "
        "unknown, expected \"none\", \"reconnect\" or \"reconnect-forever\""},
       {R"(fails_deployment = "yes")",
        "20: websocket.chat.reconnection.fails_deployment: is a string, "
        "expected "
        "true or false"},
       {R"(frequency = "0s")",
        "13: websocket.chat.reconnection.frequency: \"0s\" is too short, "
        "expected a duration such as \"250ms\" or \"15min\" longer than 0"},
       {"count = -1",
        "9: websocket.chat.reconnection.count: -1 is out of range, "
        "expected an integer from 0 to 4294967295"},
       {"count = 4294967296",
        "9: websocket.chat.reconnection.count: 4294967296 is out of range, "
        "expected an integer from 0 to 4294967295"},
       {"blocking = 1", "12: websocket.chat.reconnection.blocking: is an "
                        "integer, expected true or false"},
       {"backoff = 2",
        "11: websocket.chat.reconnection.backoff: is an integer, "
        "expected a table"},
       {"backoff = { factor = 0.5 }",
        "22: websocket.chat.reconnection.backoff.factor: 0.5 is out of range, "
        "expected a number of at least 1"},
       {"backoff = { factor = inf, jitter = nan }",
        "22: websocket.chat.reconnection.backoff.factor: inf is out of range, "
        "expected a number of at least 1\n"
        "36: websocket.chat.reconnection.backoff.jitter: nan is out of range, "
        "expected a number from 0 to 1"},
       {R"(backoff = { max = "0s", jitter = "much" })",
        "19: websocket.chat.reconnection.backoff.max: \"0s\" is too short, "
        "expected a duration such as \"250ms\" or \"15min\" longer than 0\n"
        "34: websocket.chat.reconnection.backoff.jitter: is a string, expected "
        "a "
        "number from 0 to 1"},
       {"final_close_codes = []", ""},
       {"final_close_codes = 1000",
        "21: websocket.chat.reconnection.final_close_codes: is an integer, "
        "expected an array of close codes"},
       {"final_close_codes = [1006, true]",
        "22: websocket.chat.reconnection.final_close_codes[0]: \"1006\" is no "
        "close code, expected NORMAL_CLOSURE, ENDPOINT_GOING_DOWN, "
        "PROTOCOL_ERROR, INVALID_DATA, MESSAGE_TOO_LARGE or a number of 1000 "
        "to 1003, 1007 to 1014, 3000 to 4999\n"
        "28: websocket.chat.reconnection.final_close_codes[1]: is a boolean, "
        "expected a close code by name or number"},
       {"cuont = 1", "1: websocket.chat.reconnection.cuont: is an unknown key, "
                     "the nearest known key is count"}});
}

CAF_TEST(a configuration needs a server or a client) {
  CAF_CHECK_EQUAL(problems_of("[websocket.a]\n"),
                  "1:1: websocket.a.server: is missing, expected a table "
                  "[websocket.NAME.server], [websocket.NAME.client] or both\n");
  CAF_CHECK_EQUAL(problems_of("[websocket.a.client]\n"), "");
  CAF_CHECK_EQUAL(problems_of("[websocket.a]\nsevrer = {}\n"),
                  "2:1: websocket.a.sevrer: is an unknown key, the nearest "
                  "known key is server\n");
}
