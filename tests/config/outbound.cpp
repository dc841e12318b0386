#define CAF_SUITE config.outbound

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;
using namespace std::chrono_literals;

namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view header = R"([websocket.a.client]
[[outbound]]
)";

} // namespace

CAF_TEST(every key of an outbound socket is read) {
  auto outbound = good(R"([websocket.a.client]
[websocket.b]
server = { listener = "main" }
[http_listener.main]
host = "127.0.0.1"
port = 8080
[[outbound]]
socket_id = "ticker"
default_groups = ["feed", "all"]
path = "v1/{kind}/x-{id}"
headers = { a = "1" }
query_params = [{ key = "q", value = "${SECRET}" }]
uri_params = { id = "a/b", kind = "ä" }
reconnection = { strategy = "reconnect-forever", frequency = "500ms" }
[[outbound]]
config = "a"
url = "WSS://example.com:8443/x/{id}?y={id}"
uri_params = [{ key = "id", value = "7" }]
)")
                      .switchboard.outbound;
  CAF_REQUIRE_EQUAL(outbound.size(), 2u);
  auto& first = outbound[0];
  CAF_CHECK_EQUAL(first.at.line, 7u);
  CAF_CHECK_EQUAL(first.config, "a");
  CAF_CHECK_EQUAL(first.socket_id, "ticker");
  CAF_CHECK_EQUAL(first.default_groups,
                  (std::vector<std::string>{"feed", "all"}));
  CAF_CHECK_EQUAL(first.path, "v1/{kind}/x-{id}");
  CAF_CHECK_EQUAL(first.url, "");
  CAF_CHECK(first.headers == (pairs{{"a", "1"}}));
  CAF_CHECK(first.query_params == (pairs{{"q", "hunter2"}}));
  CAF_CHECK(first.uri_params == (pairs{{"id", "a/b"}, {"kind", "ä"}}));
  CAF_REQUIRE(first.reconnection.has_value());
  CAF_CHECK(first.reconnection->strategy
            == reconnection_strategy::reconnect_forever);
  CAF_CHECK(first.reconnection->frequency == 500ms);
  auto& second = outbound[1];
  CAF_CHECK_EQUAL(second.config, "a");
  CAF_CHECK_EQUAL(second.socket_id, "");
  CAF_CHECK_EQUAL(second.url, "WSS://example.com:8443/x/{id}?y={id}");
  CAF_CHECK(!second.reconnection);
}

CAF_TEST(the keys of an outbound socket are checked) {
  check_rows(
      header,
      {{"", ""},
       {R"(socket_id = "a/b")",
        "13: outbound[0].socket_id: \"a/b\" is no socket id, expected 1 to 128 "
        "characters of printable ASCII without `/`"},
       {R"(socket_id = "")",
        "13: outbound[0].socket_id: \"\" is no socket id, expected 1 to 128 "
        "characters of printable ASCII without `/`"},
       {R"(default_groups = ["", "#[x]", 5])",
        "19: outbound[0].default_groups[0]: is empty, expected the name of a "
        "group\n"
        "23: outbound[0].default_groups[1]: holds a `#[`, where only a "
        "constant can stand, expected the name of a group\n"
        "31: outbound[0].default_groups[2]: is an integer, expected the name "
        "of a group"},
       {R"(path = "/a?b")", ""},
       {R"(path = "/a#b")",
        "8: outbound[0].path: \"/a#b\" is no path, expected one such as "
        "\"/feed/{name}\", other characters percent-encoded"},
       {R"(path = "/a b")",
        "8: outbound[0].path: \"/a b\" is no path, expected one such as "
        "\"/feed/{name}\", other characters percent-encoded"},
       {R"(path = "/a/{x")",
        "8: outbound[0].path: has a brace that makes no `{name}`, expected the "
        "name of a uri parameter between two braces"},
       {R"(path = "/a/{x}/{y}")",
        "8: outbound[0].path: has `{x}`, expected a value in uri_params\n"
        "8: outbound[0].path: has `{y}`, expected a value in uri_params"},
       {"uri_params = { x = 5 }\npath = \"/{x}\"",
        "20: outbound[0].uri_params.x: is an integer, expected a string"},
       {R"(uri_parms = { x = "5" })"
        "\npath = \"/{x}\"",
        "1: outbound[0].uri_parms: is an unknown key, the nearest known key is "
        "uri_params"},
       {R"(uri_params = [{ key = "x", value = "1" }, { key = "x", value = "2" }])",
        "1: outbound[0].uri_params: gives \"x\" twice, expected one value"},
       {R"(headers = { upgrade = "x" })",
        "13: outbound[0].headers.upgrade: \"upgrade\" belongs to the "
        "handshake, expected another header"},
       {R"(query_params = 5)",
        "16: outbound[0].query_params: is an integer, expected a table of "
        "names and values or an array of tables { key, value }"},
       {R"(reconnection = { strategy = "x" })",
        "29: outbound[0].reconnection.strategy: \"x\" is unknown, expected "
        "\"none\", \"reconnect\" or \"reconnect-forever\""},
       {R"(pth = "x")", "1: outbound[0].pth: is an unknown key, the nearest "
                        "known key is path"}});
}

CAF_TEST(a url is checked and never shown) {
  check_rows(
      header,
      {{R"(url = "ws://example.com")", ""},
       {R"(url = "ws://[::1]:80/a?b=c")", ""},
       {R"(url = "http://example.com")",
        "7: outbound[0].url: has another scheme than ws and wss, expected one "
        "such as \"wss://example.com:8443/feed/{name}\""},
       {R"(url = "example.com/x")",
        "7: outbound[0].url: is no URL, expected one such as "
        "\"wss://example.com:8443/feed/{name}\""},
       {R"(url = "ws://")", "7: outbound[0].url: has no host, expected one "
                            "such as \"wss://example.com:8443/feed/{name}\""},
       {R"(url = "ws:/x")", "7: outbound[0].url: has no host, expected one "
                            "such as \"wss://example.com:8443/feed/{name}\""},
       {R"(url = "ws://u:hunter2@h/")",
        "7: outbound[0].url: holds a user or password, which belong into "
        "[websocket.NAME.client.authentication], expected one such as "
        "\"wss://example.com:8443/feed/{name}\""},
       {R"(url = "ws://h/#top")",
        "7: outbound[0].url: has a fragment, expected one such as "
        "\"wss://example.com:8443/feed/{name}\""},
       {R"(url = "ws://h:0/")",
        "7: outbound[0].url: has no port from 1 to 65535, expected one such as "
        "\"wss://example.com:8443/feed/{name}\""},
       {R"(url = "ws://h:70000/")",
        "7: outbound[0].url: has no port from 1 to 65535, expected one such as "
        "\"wss://example.com:8443/feed/{name}\""},
       {R"(url = "ws://{x}/")",
        "7: outbound[0].url: has a `{name}` in its host, expected one such as "
        "\"wss://example.com:8443/feed/{name}\""},
       {R"(url = "ws://h/{x}")",
        "7: outbound[0].url: has `{x}`, expected a value in uri_params"},
       {R"(url = "ws://h/{}")",
        "7: outbound[0].url: has a brace that makes no `{name}`, expected the "
        "name of a uri parameter between two braces"},
       {R"(url = "ws://h/a b")",
        "7: outbound[0].url: is no URL, expected one such as "
        "\"wss://example.com:8443/feed/{name}\""}});
  CAF_CHECK_EQUAL(
      problems_of(std::string{header} + "path = \"/\"\nurl = \"ws://h\"\n"),
      "3:1: outbound[0].path: stands beside url, expected one of the two\n");
}

CAF_TEST(an outbound socket needs a configuration with client settings) {
  CAF_CHECK_EQUAL(problems_of("[[outbound]]\n"),
                  "1:1: outbound[0].config: is missing, expected a "
                  "[websocket.NAME.client] in this file\n");
  CAF_CHECK_EQUAL(problems_of(std::string{small_file} + "[[outbound]]\n"),
                  "6:1: outbound[0].config: is missing, expected a "
                  "[websocket.NAME.client] in this file\n");
  CAF_CHECK_EQUAL(problems_of("[websocket.a.client]\n[websocket.b.client]\n"
                              "[[outbound]]\n"),
                  "3:1: outbound[0].config: is missing, expected the name of "
                  "one of the 2 configurations with client settings\n");
  check_rows(
      std::string{small_file} + "[websocket.a.client]\n[[outbound]]\n",
      {{"", ""},
       {R"(config = "a")", ""},
       {R"(config = "chat")",
        "10: outbound[0].config: \"chat\" has no client settings, expected a "
        "configuration with [websocket.NAME.client]"},
       {R"(config = "chatt")", "10: outbound[0].config: \"chatt\" is no "
                               "[websocket.NAME], the nearest is \"chat\""},
       {R"(config = "")", "10: outbound[0].config: is empty, expected the name "
                          "of a [websocket.NAME]"},
       {R"(confg = "b")", "1: outbound[0].confg: is an unknown key, the "
                          "nearest known key is config"}});
  CAF_CHECK_EQUAL(problems_of("[[outbound]]\n[websokcet.a.client]\n"),
                  "2:2: websokcet: is an unknown key, the nearest known key is "
                  "websocket\n");
}

CAF_TEST(ids of outbound sockets are unique) {
  check_rows(
      "[websocket.a.client]\n[[outbound]]\nsocket_id = \"x\"\n"
      "[[outbound]]\n[[outbound]]\n",
      {{R"(socket_id = "y")", ""},
       {R"(socket_id = "x")", "13: outbound[2].socket_id: \"x\" is the id of "
                              "the socket of line 3, expected a unique id"}});
}
