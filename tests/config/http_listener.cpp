#define CAF_SUITE config.http_listener

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

constexpr std::string_view header = R"([websocket.chat.server]
listener = "main"
[http_listener.main]
)";

constexpr std::string_view complete = R"([websocket.chat.server]
listener = "main"
[http_listener.main]
host = "127.0.0.1"
port = 8080
)";

} // namespace

CAF_TEST(a listener has the defaults of the specification) {
  auto options = good(complete).switchboard.listeners.at(0);
  CAF_CHECK_EQUAL(options.name, "main");
  CAF_CHECK_EQUAL(options.host, "127.0.0.1");
  CAF_CHECK_EQUAL(options.port, 8080);
  CAF_CHECK_EQUAL(options.base_path, "/");
  CAF_CHECK(options.handshake_timeout == std::chrono::seconds{10});
  CAF_CHECK_EQUAL(options.max_connections,
                  std::numeric_limits<std::size_t>::max());
  CAF_CHECK_EQUAL(options.max_header_size, 16384u);
  CAF_CHECK(options.allowed_origins.empty());
  CAF_CHECK(options.trusted_proxies.empty());
  CAF_CHECK_EQUAL(options.at.line, 3u);
  CAF_CHECK_EQUAL(options.at.column, 1u);
}

CAF_TEST(every key of a listener is read) {
  auto options = good(R"([http_listener."edge 1"]
host = "::1"
port = 0
protocol = "HTTP"
base_path = "ws/v1/"
handshake_timeout = "1.5s"
max_connections = 100
max_handshakes = 50
max_header_size = "8KiB"
allowed_origins = ["https://*.example.com", "null", "*"]
trusted_proxies = ["10.0.0.0/8", "::1", "fe80::/10"]
[websocket.chat.server]
listener = "edge 1"
)")
                     .switchboard.listeners.at(0);
  CAF_CHECK_EQUAL(options.name, "edge 1");
  CAF_CHECK_EQUAL(options.host, "::1");
  CAF_CHECK_EQUAL(options.port, 0);
  CAF_CHECK_EQUAL(options.base_path, "/ws/v1");
  CAF_CHECK(options.handshake_timeout == std::chrono::milliseconds{1500});
  CAF_CHECK_EQUAL(options.max_connections, 100u);
  CAF_CHECK_EQUAL(options.max_handshakes, 50u);
  CAF_CHECK_EQUAL(options.max_header_size, 8192u);
  CAF_CHECK_EQUAL(
      options.allowed_origins,
      (std::vector<std::string>{"https://*.example.com", "null", "*"}));
  CAF_CHECK_EQUAL(options.trusted_proxies,
                  (std::vector<std::string>{"10.0.0.0/8", "::1", "fe80::/10"}));
}

CAF_TEST(host and port are required and checked) {
  CAF_CHECK_EQUAL(problems_of(header),
                  "3:1: http_listener.main.host: is missing, expected an "
                  "address or host name to bind\n"
                  "3:1: http_listener.main.port: is missing, expected an "
                  "integer from 0 to 65535\n");
  check_rows("[websocket.a.server]\nlistener = \"m\"\n"
             "[http_listener.m]\nport = 1\n",
             {{R"(host = "localhost")", ""},
              {R"(host = "0.0.0.0")", ""},
              {R"(host = "fe80::1%eth0")", ""},
              {R"(host = "a-b.example")", ""},
              {R"(host = "")", "8: http_listener.m.host: \"\" is no host, "
                               "expected an address or host name"},
              {R"(host = "a b")", "8: http_listener.m.host: \"a b\" is no "
                                  "host, expected an address or host name"},
              {R"(host = "1.2.3.256")",
               "8: http_listener.m.host: \"1.2.3.256\" is no host, expected "
               "an address or host name"},
              {R"(host = "[::1]")", "8: http_listener.m.host: \"[::1]\" is no "
                                    "host, expected an address or host name"},
              {R"(host = 5)", "8: http_listener.m.host: is an integer, "
                              "expected an address or host name"}});
  check_rows(
      "[websocket.a.server]\nlistener = \"m\"\n"
      "[http_listener.m]\nhost = \"h\"\n",
      {{"port = 65535", ""},
       {"port = 65536", "8: http_listener.m.port: 65536 is out of range, "
                        "expected an integer from 0 to 65535"},
       {"port = -1", "8: http_listener.m.port: -1 is out of range, expected an "
                     "integer from 0 to 65535"},
       {R"(port = "80")", "8: http_listener.m.port: is a string, expected an "
                          "integer from 0 to 65535"},
       {"port = 80.0", "8: http_listener.m.port: is a decimal number, expected "
                       "an integer from 0 to 65535"}});
}

CAF_TEST(the other keys of a listener are checked) {
  check_rows(
      complete,
      {{R"(protocol = "FTP")", "12: http_listener.main.protocol: \"FTP\" is "
                               "unknown, expected \"HTTP\" or "
                               "\"HTTPS\""},
       {R"(base_path = "/{a}")",
        "13: http_listener.main.base_path: \"/{a}\" is no base path, expected "
        "literal segments in ASCII such as \"/chat\""},
       {R"(base_path = "/a?b")",
        "13: http_listener.main.base_path: \"/a?b\" is no base path, expected "
        "literal segments in ASCII such as \"/chat\""},
       {R"(handshake_timeout = "0s")",
        "21: http_listener.main.handshake_timeout: \"0s\" is too short, "
        "expected "
        "a duration such as \"250ms\" or \"15min\" longer than 0"},
       {"handshake_timeout = 10",
        "21: http_listener.main.handshake_timeout: is an integer, expected "
        "a duration such as \"250ms\" or \"15min\" longer than 0"},
       {"max_connections = 0",
        "19: http_listener.main.max_connections: 0 is out "
        "of range, expected an integer of at least 1"},
       {R"(max_header_size = "2GiB")",
        "19: http_listener.main.max_header_size: \"2GiB\" is too large, "
        "expected "
        "a size such as \"64KiB\" or \"1MiB\" from 1B to 1073741824B"},
       {R"(max_header_size = "0B")",
        "19: http_listener.main.max_header_size: \"0B\" is too small, expected "
        "a size such as \"64KiB\" or \"1MiB\" from 1B to 1073741824B"},
       {R"(allowed_origins = "a")", "19: http_listener.main.allowed_origins: "
                                    "is a string, expected an array "
                                    "of strings"},
       {"allowed_origins = []", "19: http_listener.main.allowed_origins: is "
                                "empty, expected at least one "
                                "origin, or no such key where any may connect"},
       {R"(allowed_origins = ["https://a", "https://a/"])",
        "33: http_listener.main.allowed_origins[1]: \"https://a/\" is no "
        "origin, "
        "expected one such as \"https://*.example.com\""},
       {R"(allowed_origins = [5])",
        "20: http_listener.main.allowed_origins[0]: is an integer, expected a "
        "string"},
       {R"(trusted_proxies = ["10.0.0.0/33", "::/129", "host"])",
        "20: http_listener.main.trusted_proxies[0]: \"10.0.0.0/33\" is no "
        "address, expected an address or CIDR block such as \"10.0.0.0/8\"\n"
        "35: http_listener.main.trusted_proxies[1]: \"::/129\" is no "
        "address, expected an address or CIDR block such as \"10.0.0.0/8\"\n"
        "45: http_listener.main.trusted_proxies[2]: \"host\" is no "
        "address, expected an address or CIDR block such as \"10.0.0.0/8\""}});
}

CAF_TEST(an unknown key names the nearest known one) {
  check_rows(complete,
             {{"max_conections = 5",
               "1: http_listener.main.max_conections: is an unknown key, the "
               "nearest known key is max_connections"},
              {"HOST = 5", "1: http_listener.main.HOST: is an unknown key, "
                           "the nearest known key is host"},
              {"\"\\u001B[2J\" = 5",
               "1: http_listener.main.\"\\u001b[2J\": is an unknown key, the "
               "nearest known key is host"}});
}

CAF_TEST(a misspelled required key is one mistake and not two) {
  check_rows("[websocket.a.server]\nlistener = \"m\"\n"
             "[http_listener.m]\nport = 1\n",
             {{R"(hsot = "h")", "1: http_listener.m.hsot: is an unknown key, "
                                "the nearest known key is host"}});
}

CAF_TEST(a section without a name is refused) {
  CAF_CHECK_EQUAL(problems_of("[http_listener]\nhost = \"x\"\n"),
                  "2:8: http_listener.host: is a string, expected a table "
                  "[http_listener.NAME]\n");
  CAF_CHECK_EQUAL(problems_of("http_listener = 5\n"),
                  "1:17: http_listener: is an integer, expected a table "
                  "[http_listener.NAME]\n");
  CAF_CHECK_EQUAL(problems_of("[http_listener.\"\"]\n"),
                  "1:16: http_listener.\"\": is an empty name, expected a "
                  "name\n");
}
