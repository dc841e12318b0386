#define CAF_SUITE config.client

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;
using namespace std::chrono_literals;

namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view header = "[websocket.a.client]\n";

client_options client_of(std::string_view text) {
  return *good(text).switchboard.websockets.at(0).client;
}

} // namespace

CAF_TEST(a client has the defaults of the specification) {
  auto websocket = good(header).switchboard.websockets.at(0);
  CAF_CHECK(!websocket.server);
  CAF_REQUIRE(websocket.client.has_value());
  auto& client = *websocket.client;
  CAF_CHECK(!client.host);
  CAF_CHECK(!client.port);
  CAF_CHECK_EQUAL(client.base_path, "/");
  CAF_CHECK(!client.secure);
  CAF_CHECK(client.default_headers.empty());
  CAF_CHECK(client.default_query_params.empty());
  CAF_CHECK(!client.connection_idle_timeout);
  CAF_CHECK(client.follow_redirects);
  CAF_CHECK(!client.preserve_headers_case);
  CAF_CHECK_EQUAL(client.max_connections,
                  std::numeric_limits<std::size_t>::max());
  CAF_CHECK(client.connection_timeout == 30s);
  CAF_CHECK_EQUAL(client.proxy, "");
  CAF_CHECK(!client.authentication);
  CAF_CHECK(client.ping_interval == 30s);
  CAF_CHECK_EQUAL(client.max_message_size, 1048576u);
  CAF_CHECK(!client.compression.enabled);
  CAF_CHECK(client.subprotocols.empty());
  CAF_CHECK_EQUAL(client.send_queue_limit, 1048576u);
  CAF_CHECK(client.slow_consumer == slow_consumer_policy::close);
}

CAF_TEST(every key of a client is read) {
  auto client = client_of(R"([websocket.a.client]
host = "example.com"
port = 8443
base_path = "v1/"
protocol = "WSS"
default_headers = { b = "1", Authorization = "Bearer ${SECRET}", a = ["2", "3"] }
connection_idle_timeout = "1min"
follow_redirects = false
preserve_headers_case = true
max_connections = 7
connection_timeout = "5s"
proxy = "p"
max_message_size = "64KiB"
ping_interval = "0s"
compression = "on"
subprotocols = ["b", "a"]
send_queue_limit = "2MiB"
slow_consumer = "drop_newest"
[[websocket.a.client.default_query_params]]
key = "q"
value = "1"
[[websocket.a.client.default_query_params]]
key = "q"
value = ""
[websocket.a.client.authentication]
type = "ntlm"
username = "u"
password = "${file:password}"
preemptive = false
domain = "D"
workstation = "W"
[proxy.p]
host = "h"
port = 1
)");
  CAF_CHECK_EQUAL(*client.host, "example.com");
  CAF_CHECK_EQUAL(*client.port, 8443);
  CAF_CHECK_EQUAL(client.base_path, "/v1");
  CAF_CHECK(client.secure);
  CAF_CHECK(client.default_headers
            == (pairs{{"b", "1"},
                      {"Authorization", "Bearer hunter2"},
                      {"a", "2"},
                      {"a", "3"}}));
  CAF_CHECK(client.default_query_params == (pairs{{"q", "1"}, {"q", ""}}));
  CAF_CHECK(client.connection_idle_timeout == 1min);
  CAF_CHECK(!client.follow_redirects);
  CAF_CHECK(client.preserve_headers_case);
  CAF_CHECK_EQUAL(client.max_connections, 7u);
  CAF_CHECK(client.connection_timeout == 5s);
  CAF_CHECK_EQUAL(client.proxy, "p");
  CAF_CHECK_EQUAL(client.max_message_size, 65536u);
  CAF_CHECK(client.ping_interval == 0s);
  CAF_CHECK(client.compression.enabled);
  CAF_CHECK_EQUAL(client.subprotocols, (std::vector<std::string>{"b", "a"}));
  CAF_CHECK_EQUAL(client.send_queue_limit, 2097152u);
  CAF_CHECK(client.slow_consumer == slow_consumer_policy::drop_newest);
  CAF_REQUIRE(client.authentication.has_value());
  auto& authentication = *client.authentication;
  CAF_CHECK(authentication.scheme == authentication_scheme::ntlm);
  CAF_CHECK_EQUAL(authentication.username, "u");
  CAF_CHECK_EQUAL(authentication.password, "correct-horse");
  CAF_CHECK(!authentication.preemptive);
  CAF_CHECK_EQUAL(authentication.domain, "D");
  CAF_CHECK_EQUAL(authentication.workstation, "W");
}

CAF_TEST(the keys of a client are checked) {
  check_rows(
      header,
      {{"port = 0", "8: websocket.a.client.port: 0 is out of range, expected "
                    "an integer from 1 to 65535"},
       {R"(host = "a b")", "8: websocket.a.client.host: \"a b\" is no host, "
                           "expected an address or host name"},
       {R"(protocol = "HTTP")", "12: websocket.a.client.protocol: \"HTTP\" is "
                                "unknown, expected \"WS\" or \"WSS\""},
       {R"(base_path = "/{x}")",
        "13: websocket.a.client.base_path: \"/{x}\" is no base path, expected "
        "literal segments in ASCII such as \"/chat\""},
       {"max_connections = -1", ""},
       {"max_connections = 0",
        "19: websocket.a.client.max_connections: 0 lets no socket be opened, "
        "expected at least 1, or -1 for no limit"},
       {"max_connections = -2",
        "19: websocket.a.client.max_connections: -2 is out of range, expected "
        "an integer of at least -1"},
       {R"(connection_timeout = "0s")",
        "22: websocket.a.client.connection_timeout: \"0s\" is too short, "
        "expected a duration such as \"250ms\" or \"15min\" longer than 0"},
       {R"(connection_idle_timeout = "0s")",
        "27: websocket.a.client.connection_idle_timeout: \"0s\" is too short, "
        "expected a duration such as \"250ms\" or \"15min\" longer than 0"},
       {R"(follow_redirects = 5)",
        "20: websocket.a.client.follow_redirects: is an integer, expected true "
        "or false"},
       {R"(slow_consumer = "drop")",
        "17: websocket.a.client.slow_consumer: \"drop\" is unknown, expected "
        "\"close\", \"drop_newest\" or \"drop_oldest\""},
       {R"(hots = "x")", "1: websocket.a.client.hots: is an unknown key, the "
                         "nearest known key is host"}});
}

CAF_TEST(names and values are checked and values never shown) {
  check_rows(
      header,
      {{R"(default_headers = { "a b" = "x", Upgrade = "y", Sec-WebSocket-Key = "z", Host = "h" })",
        "21: websocket.a.client.default_headers.\"a b\": \"a b\" is no "
        "header's name, expected a token such as \"x-request-id\"\n"
        "34: websocket.a.client.default_headers.Upgrade: \"Upgrade\" belongs "
        "to the "
        "handshake, expected another header\n"
        "49: websocket.a.client.default_headers.Sec-WebSocket-Key: "
        "\"Sec-WebSocket-Key\" belongs to the handshake, expected another "
        "header"},
       {R"(default_headers = { a = "x\r\ny: z", b = ["\u0000", 5] })",
        "25: websocket.a.client.default_headers.a: holds a control character, "
        "expected a header's value on one line\n"
        "43: websocket.a.client.default_headers.b[0]: holds a control "
        "character, expected a header's value on one line\n"
        "53: websocket.a.client.default_headers.b[1]: is an integer, expected "
        "a string"},
       {R"(default_headers = { a = 5 })",
        "25: websocket.a.client.default_headers.a: is an integer, expected a "
        "string"},
       {R"(default_headers = [{ key = "(", value = "\n" }, { kee = "a" }, 5])",
        "28: websocket.a.client.default_headers[0].key: \"(\" is no header's "
        "name, expected a token such as \"x-request-id\"\n"
        "41: websocket.a.client.default_headers[0].value: holds a control "
        "character, expected a header's value on one line\n"
        "49: websocket.a.client.default_headers[1].value: is missing, expected "
        "a string\n"
        "51: websocket.a.client.default_headers[1].kee: is an unknown key, the "
        "nearest known key is key\n"
        "64: websocket.a.client.default_headers[2]: is an integer, expected a "
        "table { key, value }"},
       {R"(default_headers = "a: b")",
        "19: websocket.a.client.default_headers: is a string, expected a table "
        "of names and values or an array of tables { key, value }"},
       {R"(default_query_params = { "" = "x", "ä?" = "&\n" })",
        "26: websocket.a.client.default_query_params.\"\": is empty, expected "
        "a name"}});
}

CAF_TEST(authentication is checked and a password never shown) {
  constexpr std::string_view start = "[websocket.a.client.authentication]\n";
  CAF_CHECK_EQUAL(problems_of(start),
                  "1:1: websocket.a.client.authentication.type: is missing, "
                  "expected \"basic\", \"digest\" or \"ntlm\"\n"
                  "1:1: websocket.a.client.authentication.username: is "
                  "missing, expected a user's name\n"
                  "1:1: websocket.a.client.authentication.password: is "
                  "missing, expected a password\n");
  check_rows(
      std::string{start} + "type = \"basic\"\nusername = \"u\"\n",
      {{"password = \"\"", ""},
       {"password = 1234", "12: websocket.a.client.authentication.password: is "
                           "an integer, expected a string"},
       {R"(password = "hunter2\n")",
        "12: websocket.a.client.authentication.password: holds a control "
        "character, expected none"},
       {R"(passwort = "hunter2")",
        "1: websocket.a.client.authentication.passwort: is an unknown key, the "
        "nearest known key is password"},
       {"password = { value = \"hunter2\" }",
        "12: websocket.a.client.authentication.password: is a table, expected "
        "a string"},
       {"password = hunter2", "12: not TOML: Error while parsing value: could "
                              "not determine value type"},
       {"password = trueHunter2", "16: not TOML: Error while parsing boolean: "
                                  "expected value-terminator, saw 'H'"},
       {"password = 12hunter2", "12: not TOML: Error while parsing value: "
                                "could not determine value type"},
       {R"(password = "hunter2)",
        "20: not TOML: Error while parsing string: unescaped control "
        "characters other than TAB (U+0009) are explicitly prohibited"},
       {R"(password = "hun\ter2" x)",
        "23: not TOML: Error while parsing key-value pair: expected a comment "
        "or whitespace, saw 'x'"},
       {R"(password = "hun\ker2")", "17: not TOML: Error while parsing string: "
                                    "unknown escape sequence '\\k'"},
       {R"(password = 'hunter2'junk)",
        "21: not TOML: Error while parsing key-value pair: expected a comment "
        "or whitespace, saw 'j'"}});
  check_rows(std::string{start}
                 + "username = \"u\"\npassword = \"p\"\ntype = \"digest\"\n",
             {{R"(domain = "D")",
               "1: websocket.a.client.authentication.domain: has no effect "
               "here, expected it only with type \"ntlm\""},
              {R"(workstation = "W")",
               "1: websocket.a.client.authentication.workstation: has no "
               "effect here, expected it only with type \"ntlm\""}});
  check_rows(
      std::string{start} + "type = \"basic\"\npassword = \"p\"\n",
      {{R"(username = "a:b")",
        "12: websocket.a.client.authentication.username: \"a:b\" holds a "
        "colon, expected none"},
       {R"(username = "")", "12: websocket.a.client.authentication.username: "
                            "is empty, expected a name"},
       {R"(username = "a\tb")",
        "12: websocket.a.client.authentication.username: holds a control "
        "character, expected none"}});
}
