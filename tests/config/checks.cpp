#define CAF_SUITE config.checks

#include "config/pattern_overlap.hpp"
#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

} // namespace

CAF_TEST(a configuration names a listener that exists) {
  CAF_CHECK_EQUAL(problems_of("[http_listener.main]\nhost = \"h\"\nport = 1\n"
                              "[websocket.a.server]\nlistener = \"mian\"\n"),
                  "5:12: websocket.a.server.listener: \"mian\" is no "
                  "http_listener, the nearest is \"main\"\n");
  CAF_CHECK_EQUAL(problems_of("[websocket.a.server]\nlistener = \"m\"\n"),
                  "2:12: websocket.a.server.listener: \"m\" is no "
                  "http_listener, expected one in this file, which has none\n");
  // A listener that is wrong itself is there all the same.
  CAF_CHECK_EQUAL(problems_of("[http_listener.m]\nhost = \"h\"\n"
                              "[websocket.a.server]\nlistener = \"m\"\n"),
                  "1:1: http_listener.m.port: is missing, expected an integer "
                  "from 0 to 65535\n");
  CAF_CHECK_EQUAL(problems_of("[http_listner.m]\n"
                              "[websocket.a.server]\nlistener = \"m\"\n"),
                  "1:2: http_listner: is an unknown key, the nearest known key "
                  "is http_listener\n");
}

CAF_TEST(configurations of one listener have different base paths) {
  check_rows(
      with("[websocket.b.server]\nlistener = \"main\"\n"),
      {{R"(listener_base_path = "/b")", ""},
       {R"(listener_base_path = "/")",
        "22: websocket.b.server.listener_base_path: shares listener and base "
        "path with the configuration of line 5, expected another "
        "listener_base_path"}});
  CAF_CHECK_EQUAL(
      problems_of(with("[websocket.b.server]\nlistener = \"main\"\n")),
      "7:12: websocket.b.server.listener: shares listener and base path with "
      "the "
      "configuration of line 5, expected another listener_base_path\n");
}

CAF_TEST(listeners and the admin API have different addresses) {
  check_rows(
      with("[http_listener.b]\nhost = \"127.0.0.1\"\n"),
      {{"port = 8081", ""},
       {"port = 0", ""},
       {"port = 8080", "8: http_listener.b.port: makes this the address of "
                       "http_listener.main in line 3, expected another"},
       {"port = 9080",
        "8: http_listener.b.port: makes this the address of the admin "
        "API, which [admin] moves, expected another"}});
  CAF_CHECK_EQUAL(problems_of(with("[admin]\nport = 8080\n")),
                  "3:8: http_listener.main.port: makes this the address of "
                  "[admin] in line 6, expected another\n");
}

CAF_TEST(a flow belongs to a configuration) {
  auto flow = std::string{"[[flow]]\nname = \"f\"\n"
                          "source = \"inbound-listener\"\n"};
  check_rows(with(flow),
             {{R"(config = "chat")", ""},
              {R"(config = "caht")", "10: flow[0].config: \"caht\" is no "
                                     "[websocket.NAME], the nearest is "
                                     "\"chat\""}});
  CAF_CHECK_EQUAL(problems_of(flow),
                  "1:1: flow[0].config: is missing, expected a "
                  "[websocket.NAME.server] in this file\n");
  CAF_CHECK_EQUAL(problems_of(with("[websocket.b.server]\nlistener = \"main\"\n"
                                   "listener_base_path = \"/b\"\n"
                                   + flow)),
                  "9:1: flow[0].config: is missing, expected the name of one "
                  "of the 2 [websocket.NAME.server]\n");
  CAF_CHECK_EQUAL(problems_of("[websockets.b.server]\n" + flow),
                  "1:2: websockets: is an unknown key, the nearest known key "
                  "is websocket\n");
  check_rows(with("[[flow]]\nname = \"f\"\n"),
             {{R"(steps = [ { send = { config = "#[vars.c]" } } ])", ""},
              {R"(steps = [ { send = { config = "b" } } ])",
               "31: flow[0].steps[0].send.config: \"b\" is no "
               "[websocket.NAME], the nearest is \"chat\""}});
}

CAF_TEST(a flow needs the half of a configuration that its source is of) {
  auto both = with("[websocket.feed.client]\n[[flow]]\nname = \"f\"\n");
  check_rows(both + "source = \"inbound-listener\"\n",
             {{"", ""},
              {R"(config = "feed")",
               "10: flow[0].config: \"feed\" has no server settings, expected "
               "a configuration with [websocket.NAME.server]"}});
  check_rows(both + "source = \"on-inbound-connection\"\n",
             {{R"(config = "feed")",
               "10: flow[0].config: \"feed\" has no server settings, expected "
               "a configuration with [websocket.NAME.server]"}});
  check_rows(both + "source = \"outbound-listener\"\n",
             {{"", ""},
              {R"(config = "chat")",
               "10: flow[0].config: \"chat\" has no client settings, expected "
               "a configuration with [websocket.NAME.client]"}});
  check_rows(both + "source = \"on-socket-closed\"\n",
             {{R"(config = "chat")", ""}, {R"(config = "feed")", ""}});
  CAF_CHECK_EQUAL(problems_of(both + "source = \"on-socket-closed\"\n"),
                  "7:1: flow[0].config: is missing, expected the name of one "
                  "of the 2 [websocket.NAME]\n");
  CAF_CHECK_EQUAL(
      problems_of(with("[[flow]]\nname = \"f\"\n"
                       "source = \"outbound-listener\"\n")),
      "6:1: flow[0].config: is missing, expected a [websocket.NAME.client] in "
      "this file\n");
}

CAF_TEST(a step opens sockets of a configuration with client settings) {
  auto header = with("[websocket.feed.client]\n[[flow]]\nname = \"f\"\n"
                     "steps = [{ open_outbound_socket = {} }]\n");
  // A flow without a source has the configuration of its caller.
  check_rows(header, {{"", ""},
                      {R"(source = "startup")", ""},
                      {R"(source = "outbound-listener")", ""}});
  CAF_CHECK_EQUAL(problems_of(header + "source = \"inbound-listener\"\n"),
                  "9:35: flow[0].steps[0].open_outbound_socket.config: is "
                  "missing, expected the name of one of the 1 "
                  "[websocket.NAME.client]\n");
  CAF_CHECK_EQUAL(
      problems_of(header + "source = \"startup\"\n" + "[websocket.b.client]\n"),
      "9:35: flow[0].steps[0].open_outbound_socket.config: is "
      "missing, expected the name of one of the 2 "
      "[websocket.NAME.client]\n");
  auto named = with("[websocket.feed.client]\n[[flow]]\nname = \"f\"\n"
                    "source = \"inbound-listener\"\n");
  check_rows(
      named,
      {{R"(steps = [{ open_outbound_socket = { config = "feed" } }])", ""},
       {R"(steps = [{ open_outbound_socket = { config = "#[vars.c]" } }])", ""},
       {R"(steps = [{ open_outbound_socket = { config = "chat" } }])",
        "46: flow[0].steps[0].open_outbound_socket.config: \"chat\" has no "
        "client settings, expected a configuration with "
        "[websocket.NAME.client]"}});
}

CAF_TEST(names of flows are unique) {
  CAF_CHECK_EQUAL(
      problems_of(with("[[flow]]\nname = \"f\"\n[[flow]]\nname = \"f\"\n")),
      "9:8: flow[1].name: \"f\" is the name of the flow of line 7, expected a "
      "unique name\n");
}

CAF_TEST(sources of one kind have different patterns) {
  auto two = [](std::string_view source, std::string_view path) {
    return with("[[flow]]\nname = \"a\"\nsource = \"inbound-listener\"\n"
                "path = \"/a/{x}\"\n[[flow]]\nname = \"b\"\nsource = \""
                + std::string{source} + "\"\npath = \"" + std::string{path}
                + "\"\n");
  };
  CAF_CHECK_EQUAL(problems_of(two("inbound-listener", "/a/{x}/b")), "");
  CAF_CHECK_EQUAL(problems_of(two("inbound-listener", "/a/*")), "");
  CAF_CHECK_EQUAL(problems_of(two("on-socket-closed", "/a/{x}")), "");
  CAF_CHECK_EQUAL(problems_of(two("inbound-listener", "/a/{y}/")),
                  "13:8: flow[1].path: matches the same paths as the flow of "
                  "line 9 with the same source, expected another path\n");
}

CAF_TEST(the sources of one listener agree on how it is bound) {
  auto file = with("[websocket.out.client]\n"
                   "[[flow]]\nname = \"a\"\nsource = \"inbound-listener\"\n"
                   "config = \"chat\"\n"
                   "reconnection = { strategy = \"reconnect\", count = 3 }\n"
                   "[[flow]]\nname = \"b\"\nsource = \"on-socket-closed\"\n");
  CAF_CHECK_EQUAL(
      problems_of(file
                  + "config = \"chat\"\n"
                    "reconnection = { count = 3, strategy = \"reconnect\" }\n"),
      "");
  CAF_CHECK_EQUAL(problems_of(file + "config = \"chat\"\n"), "");
  CAF_CHECK_EQUAL(
      problems_of(file
                  + "config = \"chat\"\n"
                    "reconnection = { strategy = \"reconnect\" }\n"),
      "12:1: flow[1].reconnection: is for binding the listener of `chat`, like "
      "that of the flow of line 7, expected the same there and here\n");
  CAF_CHECK_EQUAL(
      problems_of(file + "config = \"out\"\nreconnection = { count = 1 }\n"),
      "12:1: flow[1].reconnection: has no effect here, `out` has no listener: "
      "expected it with source outbound-listener, or in the configuration\n");
}

CAF_TEST(outbound listeners have different patterns) {
  CAF_CHECK_EQUAL(problems_of("[websocket.feed.client]\n[[flow]]\nname = "
                              "\"f\"\nsource = \"outbound-listener\"\n"
                              "path = \"/{a}\"\n[[flow]]\nname = \"g\"\n"
                              "source = \"outbound-listener\"\n"
                              "path = \"/{b}\"\n"),
                  "9:8: flow[1].path: matches the same paths as the flow of "
                  "line 5 with the same source, expected another path\n");
}

CAF_TEST(a connection source needs a listener source that it can meet) {
  auto flow = std::string{"[[flow]]\nname = \"c\"\n"
                          "source = \"on-inbound-connection\"\n"
                          "path = \"/b/{x}\"\n"};
  constexpr std::string_view problem =
      "9:8: flow[0].path: has no flow with source inbound-listener on a "
      "matching path, expected one of the same config\n";
  CAF_CHECK_EQUAL(problems_of(with(flow)), problem);
  auto listener = [&](std::string_view path) {
    return with(flow
                + "[[flow]]\nname = \"l\"\nsource = \"inbound-listener\"\n"
                  "path = \""
                + std::string{path} + "\"\n");
  };
  CAF_CHECK_EQUAL(problems_of(listener("/b/*")), "");
  CAF_CHECK_EQUAL(problems_of(listener("/{x}/c")), "");
  CAF_CHECK_EQUAL(problems_of(listener("/b")), problem);
  CAF_CHECK_EQUAL(problems_of(listener("/a/{x}")), problem);
}

CAF_TEST(patterns overlap when one path matches both) {
  struct sample {
    const char* x;
    const char* y;
    bool expected;
  };
  for (auto& [x, y, expected] : std::initializer_list<sample>{
           {"/", "/", true},
           {"/", "/*", true},
           {"/a", "/a/*", true},
           {"/a/*", "/a/b/c/*", true},
           {"/a/*", "/b/*", false},
           {"/{x}", "/a", true},
           {"/{x}/b", "/a/{y}", true},
           {"/{x}/b", "/a/c", false},
           {"/{x}", "/", false},
           {"/a", "/a/b", false},
           {"/%61", "/a", true},
           {"/a", "/A", false},
       }) {
    auto a = *path_pattern::parse(x);
    auto b = *path_pattern::parse(y);
    CAF_CHECK_EQUAL(switchboard::config::overlap(a, b), expected);
    CAF_CHECK_EQUAL(switchboard::config::overlap(b, a), expected);
  }
}

CAF_TEST(a flow_ref names a flow without a source) {
  check_rows(with("[[flow]]\nname = \"s\"\nsource = \"startup\"\n"
                  "[[flow]]\nname = \"f\"\n"),
             {{R"(steps = [ { flow_ref = "g" } ])",
               "24: flow[1].steps[0].flow_ref: \"g\" is no flow, the nearest "
               "is \"s\""},
              {R"(on_error = [ { flow_ref = "s" } ])",
               "27: flow[1].on_error[0].flow_ref: \"s\" is a flow with a "
               "source, expected one without"}});
}

CAF_TEST(flow_refs do not go in circles) {
  auto flow = [](std::string_view name, std::string_view ref) {
    return "[[flow]]\nname = \"" + std::string{name}
           + "\"\nsteps = [ { flow_ref = \"" + std::string{ref} + "\" } ]\n";
  };
  CAF_CHECK_EQUAL(problems_of(with(flow("a", "a"))),
                  "8:24: flow[0].steps[0].flow_ref: leads back to the flow of "
                  "line 6, expected no circle of flow_refs\n");
  CAF_CHECK_EQUAL(
      problems_of(with(flow("a", "b") + flow("b", "c") + flow("c", "a"))),
      "14:24: flow[2].steps[0].flow_ref: leads back to the flow of line 6, "
      "expected no circle of flow_refs\n");
  CAF_CHECK_EQUAL(problems_of(with(flow("a", "c") + flow("b", "c")
                                   + "[[flow]]\nname = \"c\"\n")),
                  "");
}

CAF_TEST(a source without a socket needs the id in each step) {
  check_rows(with("[[flow]]\nname = \"f\"\nsource = \"startup\"\n"),
             {{R"(steps = [ { send = { socket_id = "a" } } ])", ""},
              {"steps = [ { broadcast = {} } ]", ""},
              {"steps = [ { send = {} } ]",
               "20: flow[0].steps[0].send.socket_id: is missing, expected a "
               "socket's id: the flow's source has no socket"}});
}
