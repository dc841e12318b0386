#define CAF_SUITE config.flow

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

} // namespace

CAF_TEST(a flow of each source is read) {
  auto flows = good(with(R"([[flow]]
name = "listen"
source = "inbound-listener"
config = "chat"
path = "chat/{room}/"
default_groups = ["a", "b"]
output_mime_type = "application/json; charset=utf-8"
output_encoding = "UTF-16LE"
[[flow]]
name = "connected"
source = "on-inbound-connection"
[[flow]]
name = "closed"
source = "on-socket-closed"
config = "chat"
[[flow]]
name = "start"
source = "startup"
[[flow]]
name = "tick"
source = "schedule"
config = "chat"
every = "1min"
[[flow]]
name = "called"
on_error = [{ log = "x" }]
[[flow]]
name = "ticks"
source = "outbound-listener"
path = "/{feed}"
output_mime_type = "application/json"
reconnection = { strategy = "reconnect", count = 7 }
[websocket.feed.client]
)"))
                   .flows;
  CAF_REQUIRE_EQUAL(flows.size(), 7u);
  CAF_CHECK_EQUAL(flows[0].name, "listen");
  CAF_CHECK(flows[0].source == flow_source::inbound_listener);
  CAF_CHECK_EQUAL(flows[0].config, "chat");
  CAF_CHECK_EQUAL(flows[0].path, "/chat/{room}");
  CAF_CHECK_EQUAL(flows[0].default_groups,
                  (std::vector<std::string>{"a", "b"}));
  CAF_CHECK_EQUAL(*flows[0].output_mime_type,
                  "application/json; charset=utf-8");
  CAF_CHECK_EQUAL(*flows[0].output_encoding, "UTF-16LE");
  CAF_CHECK_EQUAL(flows[0].at.line, 6u);
  CAF_CHECK(flows[1].source == flow_source::on_inbound_connection);
  CAF_CHECK_EQUAL(flows[1].config, "chat");
  CAF_CHECK_EQUAL(flows[1].path, "/*");
  CAF_CHECK(flows[2].source == flow_source::on_socket_closed);
  CAF_CHECK_EQUAL(flows[2].config, "chat");
  CAF_CHECK(flows[3].source == flow_source::startup);
  CAF_CHECK_EQUAL(flows[3].config, "");
  CAF_CHECK(flows[4].source == flow_source::schedule);
  CAF_CHECK(flows[4].every == std::chrono::minutes{1});
  CAF_CHECK_EQUAL(flows[4].config, "chat");
  CAF_CHECK(flows[5].source == flow_source::none);
  CAF_CHECK_EQUAL(flows[5].config, "");
  CAF_CHECK_EQUAL(flows[5].on_error.size(), 1u);
  CAF_CHECK(flows[6].source == flow_source::outbound_listener);
  CAF_CHECK_EQUAL(flows[6].config, "feed");
  CAF_CHECK_EQUAL(flows[6].path, "/{feed}");
  CAF_CHECK_EQUAL(*flows[6].output_mime_type, "application/json");
  CAF_REQUIRE(flows[6].reconnection.has_value());
  CAF_CHECK_EQUAL(flows[6].reconnection->count, 7u);
}

CAF_TEST(the keys of a flow are checked) {
  check_rows(
      with("[[flow]]\nname = \"f\"\nsource = \"inbound-listener\"\n"),
      {{R"(path = "/a/*/b")",
        "8: flow[0].path: \"/a/*/b\" is no path: `*` may only be the last "
        "segment, expected a pattern such as \"/chat/{room}\" or \"/chat/*\""},
       {R"(path = "/a?b")",
        "8: flow[0].path: \"/a?b\" is no path: a path has no query, expected a "
        "pattern such as \"/chat/{room}\" or \"/chat/*\""},
       {R"(default_groups = ["", "#[x]"])",
        "19: flow[0].default_groups[0]: is empty, expected the name of a "
        "group\n"
        "23: flow[0].default_groups[1]: holds a `#[`, where only a constant "
        "can "
        "stand, expected the name of a group"},
       {R"(output_mime_type = "json")",
        "20: flow[0].output_mime_type: \"json\" is no MIME type, expected one "
        "such as \"application/json\""},
       {R"(output_encoding = "utf-8")", ""},
       {R"(output_encoding = "ISO-8859-1")", ""},
       {R"(output_encoding = "klingon")",
        "19: flow[0].output_encoding: \"klingon\" is no known encoding, "
        "expected one such as \"UTF-8\" or \"ISO-8859-1\""},
       {R"(output_encoding = "")",
        "19: flow[0].output_encoding: \"\" is no known encoding, expected one "
        "such as \"UTF-8\" or \"ISO-8859-1\""},
       {R"(output_encoding = "UTF-8,version=1")",
        "19: flow[0].output_encoding: \"UTF-8,version=1\" is no known "
        "encoding, expected one such as \"UTF-8\" or \"ISO-8859-1\""},
       {"primary_node_only = 1",
        "21: flow[0].primary_node_only: is an integer, expected true or false"},
       {"steps = {}",
        "9: flow[0].steps: is a table, expected an array of steps"},
       {"stesp = []", "1: flow[0].stesp: is an unknown key, the nearest known "
                      "key is steps"},
       {R"(every = "1s")", "1: flow[0].every: has no effect here, expected it "
                           "only with source schedule"}});
  check_rows(with("[[flow]]\n"),
             {{R"(name = "")", "8: flow[0].name: is empty, expected a unique "
                               "name"},
              {"name = 5", "8: flow[0].name: is an integer, expected a unique "
                           "name"}});
}
CAF_TEST(keys belong to the sources that know them) {
  check_rows(
      with("[[flow]]\nname = \"f\"\nsource = \"startup\"\n"),
      {{R"(path = "/a")",
        "1: flow[0].path: has no effect here, expected it only with source "
        "inbound-listener, on-inbound-connection, on-socket-closed or "
        "outbound-listener"},
       {"default_groups = []", "1: flow[0].default_groups: has no effect here, "
                               "expected it only with source inbound-listener"},
       {R"(output_mime_type = "a/b")",
        "1: flow[0].output_mime_type: has no "
        "effect here, expected it only with source inbound-listener or "
        "outbound-listener"},
       {R"(output_encoding = "UTF-8")",
        "1: flow[0].output_encoding: has no effect here, expected it only with "
        "source inbound-listener or outbound-listener"}});
  check_rows(
      with("[[flow]]\nname = \"f\"\n"),
      {{R"(config = "nobody")",
        "1: flow[0].config: has no effect here, expected it only with source "
        "inbound-listener, on-inbound-connection, on-socket-closed, "
        "outbound-listener, startup or schedule"},
       {R"(source = "on_socket_closed")",
        "10: flow[0].source: \"on_socket_closed\" is unknown, expected "
        "\"inbound-listener\", \"on-inbound-connection\", "
        "\"on-socket-closed\", \"outbound-listener\", \"startup\" or "
        "\"schedule\""},
       {R"(soruce = "inbound-listener")",
        "1: flow[0].soruce: is an unknown key, the nearest known key is "
        "source"}});
  check_rows(
      with("[[flow]]\nname = \"f\"\nsource = \"schedule\"\n"),
      {{R"(every = "1h")", ""},
       {R"(every = "0s")",
        "9: flow[0].every: \"0s\" is too short, expected a duration such as "
        "\"250ms\" or \"15min\" longer than 0"}});
  CAF_CHECK_EQUAL(
      problems_of(with("[[flow]]\nname = \"f\"\nsource = \"schedule\"\n")),
      "6:1: flow[0].every: is missing, expected a duration such as \"250ms\" "
      "or "
      "\"15min\" longer than 0\n");
}

CAF_TEST(flows are tables of an array) {
  CAF_CHECK_EQUAL(problems_of(with("[flow]\n")),
                  "6:1: flow: is a table, expected tables [[flow]]\n");
  CAF_CHECK_EQUAL(problems_of("flow = [5]\n"),
                  "1:9: flow[0]: is an integer, expected a table [[flow]]\n");
}
