#define CAF_SUITE config.not_available_yet

#include "tests/config/loading.hpp"

using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

/// The diagnostic of a key that is refused by name.
std::string later(std::string_view place_and_key) {
  return std::string{place_and_key}
         + ": is not available yet, expected it left out";
}

} // namespace

CAF_TEST(sections to come are refused by name) {
  check_rows(small_file,
             {{"[proxy.a]", later("2: proxy")},
              {"[[outbound]]", later("3: outbound")},
              {"[object_store.a]", later("2: object_store")},
              {"[cluster]", later("2: cluster")},
              {"[limits]", later("2: limits")},
              {"[websocket.chat.client]", later("17: websocket.chat.client")},
              {"[websocket.b.client.authentication]",
               later("14: websocket.b.client")}});
}

CAF_TEST(keys to come are refused by name) {
  check_rows(with("[runtime]\n"),
             {{R"(drain_timeout = "1s")", later("1: runtime.drain_timeout")},
              {R"(temporary_directory = "/tmp")",
               later("1: runtime.temporary_directory")}});
  check_rows(with("[admin]\n"), {{R"(tls = "a")", later("1: admin.tls")}});
  check_rows(with("[tls.a]\n"),
             {{"revocation_check = {}", later("1: tls.a.revocation_check")}});
  check_rows(
      with("[[flow]]\nname = \"f\"\nsource = \"inbound-listener\"\n"),
      {{"streaming = {}", later("1: flow[0].streaming")},
       {"redelivery = {}", later("1: flow[0].redelivery")},
       {"reconnection = {}", later("1: flow[0].reconnection")},
       {"max_concurrency = 4", later("1: flow[0].max_concurrency")},
       {"primary_node_only = false", ""},
       {"primary_node_only = true",
        "21: flow[0].primary_node_only: true is not available yet, expected "
        "false"},
       {R"(output_encoding = "utf-8")", ""},
       {R"(output_encoding = "ISO-8859-1")",
        "19: flow[0].output_encoding: \"ISO-8859-1\" is not available yet, "
        "expected \"UTF-8\""}});
  check_rows(with("[[flow]]\nname = \"f\"\n"),
             {{R"(source = "outbound-listener")",
               "10: flow[0].source: \"outbound-listener\" is not available "
               "yet, expected \"inbound-listener\", "
               "\"on-inbound-connection\", \"on-socket-closed\", \"startup\" "
               "or \"schedule\""}});
}

CAF_TEST(steps to come are refused by name) {
  check_rows(
      with("[[flow]]\nname = \"f\"\n"),
      {{"steps = [{ http_request = {} }]",
        later("12: flow[0].steps[0].http_request")},
       {"steps = [{ open_outbound_socket = {} }]",
        later("12: flow[0].steps[0].open_outbound_socket")},
       {"steps = [{ send = { reconnection = {} } }]",
        later("21: flow[0].steps[0].send.reconnection")},
       {"steps = [{ broadcast = { reconnection = {} } }]",
        later("26: flow[0].steps[0].broadcast.reconnection")},
       {"steps = [{ close_socket = { reconnection = {} } }]",
        later("29: flow[0].steps[0].close_socket.reconnection")},
       {"steps = [{ bulk_close_sockets = { reconnection = {} } }]",
        later("35: flow[0].steps[0].bulk_close_sockets.reconnection")},
       {R"(steps = [{ subscribe_groups = { groups = "g", reconnection = {} } }])",
        later("47: flow[0].steps[0].subscribe_groups.reconnection")},
       {R"(steps = [{ unsubscribe_groups = {groups = "g", reconnection = {}} }])",
        later("48: flow[0].steps[0].unsubscribe_groups.reconnection")}});
}
