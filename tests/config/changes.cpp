#define CAF_SUITE config.changes

#include "config/changes.hpp"

#include "tests/config/loading.hpp"

using namespace switchboard::config;
using namespace switchboard::config::testing;

namespace {

constexpr std::string_view base = R"(
[admin]
port = 9080
tokens = ["one"]
[runtime]
shards = 1
[log]
level = "info"
[tls.edge]
trust_store = { insecure = true }
[proxy.way]
host = "proxy.example"
port = 3128
password = "hidden-one"
username = "me"
[http_listener.web]
host = "127.0.0.1"
port = 8080
[websocket.main.server]
listener = "web"
idle_socket_timeout = "1min"
[websocket.main.client]
host = "peer.example"
proxy = "way"
default_headers = { Authorization = "Bearer hidden-two" }
[[flow]]
name = "chat"
source = "inbound-listener"
path = "/chat"
steps = [ { log = "one" } ]
[[flow]]
name = "once"
source = "startup"
steps = [ { log = "begun" } ]
[[outbound]]
socket_id = "feed"
path = "/feed"
[[outbound]]
path = "/unnamed"
)";

/// The base text with one part replaced.
std::string with(std::string_view from, std::string_view to) {
  std::string result{base};
  auto at = result.find(from);
  CAF_REQUIRE(at != std::string::npos);
  return result.replace(at, from.size(), to);
}

key_values keys_of(std::string_view text) {
  auto read = load_text(text);
  for (auto& wrong : read.diagnostics)
    CAF_ERROR(render(wrong, "f"));
  CAF_REQUIRE(read.diagnostics.empty());
  return std::move(read.keys);
}

/// `KEY: KIND, EFFECT` for each change.
std::string told(const std::vector<key_change>& changes) {
  std::string result;
  for (auto& what : changes)
    result += to_string(what.key) + ": " + std::string{name_of(what.kind)}
              + ", " + std::string{name_of(what.effect)} + "\n";
  return result;
}

std::string told(std::string_view from, std::string_view to) {
  return told(compare(keys_of(base), keys_of(with(from, to))));
}

} // namespace

CAF_TEST(the same text with other spaces and comments has no changes) {
  CAF_CHECK_EQUAL(told("level = \"info\"", "level='info'  # as before"), "");
}

CAF_TEST(every kind of key has its effect) {
  struct {
    std::string_view from;
    std::string_view to;
    std::string_view expected;
  } table[] = {
      {"shards = 1", "shards = 2", "runtime.shards: changed, needs a restart"},
      {"shards = 1", "drain_timeout = \"1s\"",
       "runtime.drain_timeout: added, applied\n"
       "runtime.shards: removed, needs a restart"},
      {"port = 9080", "port = 9081", "admin.port: changed, needs a restart"},
      {"tokens = [\"one\"]", "tokens = [\"two\"]",
       "admin.tokens: changed, applied"},
      {"level = \"info\"", "level = \"debug\"", "log.level: changed, applied"},
      {"level = \"info\"", "levels = { tls = \"debug\" }",
       "log.level: removed, applied\nlog.levels.tls: added, applied"},
      {"level = \"info\"", "format = \"json\"",
       "log.format: added, applied\nlog.level: removed, applied"},
      {"insecure = true", "insecure = false",
       "tls.edge.trust_store.insecure: changed, applied for new sockets"},
      {"hidden-one", "hidden-three",
       "proxy.way.password: changed, applied for new sockets"},
      {"hidden-two", "hidden-four",
       "websocket.main.client.default_headers.Authorization: changed, applied "
       "for new sockets"},
      {"port = 8080", "port = 8081",
       "http_listener.web.port: changed, applied"},
      {"port = 8080", "port = 8080\nmax_connections = 5",
       "http_listener.web.max_connections: added, applied for new sockets"},
      {"\"1min\"", "\"2min\"",
       "websocket.main.server.idle_socket_timeout: changed, applied for new "
       "sockets"},
      {"log = \"one\"", "log = \"two\"", "flow.chat.steps: changed, applied"},
      {"path = \"/chat\"", "path = \"/talk\"",
       "flow.chat.path: changed, applied for new sockets"},
      {"path = \"/chat\"", "path = \"/chat\"\non_error = [ { log = \"x\" } ]",
       "flow.chat.on_error: added, applied"},
      {"log = \"begun\"", "log = \"other\"",
       "flow.once.steps: changed, needs a restart"},
      {"path = \"/feed\"", "path = \"/news\"",
       "outbound.feed: changed, applied"},
      {"socket_id = \"feed\"", "socket_id = \"news\"",
       "outbound.feed: removed, applied\noutbound.news: added, applied"},
      {"[[flow]]\nname = \"chat\"",
       "[[flow]]\nname = \"b c\"\nsteps = []\n[[flow]]\nname = \"chat\"",
       "flow.\"b c\": added, applied"},
      {"name = \"chat\"", "name = \"talk\"",
       "flow.chat: removed, applied\nflow.talk: added, applied"},
      {"[tls.edge]", "[tls.other]\n[tls.edge]", "tls.other: added, applied"},
      {"[http_listener.web]",
       "[http_listener.more]\nhost = \"::1\"\nport = 1\n[http_listener.web]",
       "http_listener.more: added, applied"},
  };
  for (auto& [from, to, expected] : table)
    CAF_CHECK_EQUAL(told(from, to), std::string{expected} + "\n");
}

CAF_TEST(an unnamed outbound socket is known by what it holds) {
  auto changes =
      compare(keys_of(base), keys_of(with("\"/unnamed\"", "\"/other\"")));
  CAF_REQUIRE_EQUAL(changes.size(), 2u);
  CAF_CHECK(changes[0].kind != changes[1].kind);
  CAF_CHECK_EQUAL(
      told("[[outbound]]\nsocket_id = \"feed\"\npath = \"/feed\"\n", ""),
      "outbound.feed: removed, applied\n");
}

CAF_TEST(a key that nobody knows needs a restart) {
  key_values before;
  key_values after;
  after[{"cluster", "servers"}] = "a";
  after[{"object_store", "x"}] = "";
  after[{"object_store", "x", "type"}] = "s6:sqlite";
  CAF_CHECK_EQUAL(told(compare(before, after)),
                  "cluster.servers: added, needs a restart\n"
                  "object_store.x: added, needs a restart\n");
}

CAF_TEST(tokens stay while their address waits for a restart) {
  auto text = with("port = 9080\ntokens = [\"one\"]", "port = 9081");
  CAF_CHECK_EQUAL(told(compare(keys_of(base), keys_of(text))),
                  "admin.port: changed, needs a restart\n"
                  "admin.tokens: removed, needs a restart\n");
  CAF_CHECK_EQUAL(told("tokens = [\"one\"]", ""),
                  "admin.tokens: removed, applied\n");
}

CAF_TEST(what needs a restart is named again) {
  auto before = keys_of(base);
  auto after = keys_of(with("shards = 1", "shards = 2"));
  auto changes = compare(before, after);
  auto now = in_force(before, after, changes);
  CAF_CHECK_EQUAL(told(compare(now, after)),
                  "runtime.shards: changed, needs a restart\n");
  CAF_CHECK_EQUAL(told(compare(now, before)), "");
}

CAF_TEST(no change holds a value) {
  for (auto secret : {"hidden-one", "hidden-two"}) {
    auto text = told(secret, "hidden-new");
    CAF_CHECK(text.find("hidden") == std::string::npos);
  }
}

CAF_TEST(a replaced value counts as what it became) {
  auto one = keys_of(with("\"hidden-one\"", "\"${SECRET}\""));
  auto two = keys_of(with("\"hidden-one\"", "\"hunter2\""));
  CAF_CHECK(one == two);
}
