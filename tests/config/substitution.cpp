#define CAF_SUITE config.substitution

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

/// The text of a log step whose TOML string is given.
std::string logged(std::string_view value) {
  auto read = good(std::string{small_file} + "[[flow]]\nname = \"f\"\n"
                   + "steps = [ { log = " + std::string{value} + " } ]\n");
  return std::get<log_step>(read.flows.at(0).steps.at(0).form).text.text;
}

void check_logs(std::initializer_list<row> rows) {
  for (auto& [value, expected] : rows)
    check_rows(
        std::string{small_file} + "[[flow]]\nname = \"f\"\n",
        {{"steps = [ { log = " + std::string{value} + " } ]", expected}});
}

} // namespace

CAF_TEST(variables and files are replaced in strings) {
  CAF_CHECK_EQUAL(logged(R"("a ${SECRET} b ${PORT}")"), "a hunter2 b 8081");
  CAF_CHECK_EQUAL(logged(R"("#['${SECRET}']")"), "#['hunter2']");
  CAF_CHECK_EQUAL(logged(R"('${SECRET}')"), "hunter2");
  CAF_CHECK_EQUAL(logged(R"("""${SECRET}""")"), "hunter2");
  CAF_CHECK_EQUAL(logged(R"("$ $SECRET $} {SECRET}")"),
                  "$ $SECRET $} {SECRET}");
  CAF_CHECK_EQUAL(logged(R"("${REFERENCE}")"), "${SECRET}");
}

CAF_TEST(a file loses its last line end) {
  CAF_CHECK_EQUAL(logged(R"("${file:password}!")"), "correct-horse!");
  CAF_CHECK_EQUAL(logged(R"("${file:/elsewhere}!")"), "two\n!");
}

CAF_TEST(what cannot be replaced is reported) {
  constexpr std::string_view key = "19: flow[0].steps[0].log: ";
  auto at = [&](std::string_view what) {
    return std::string{key} + std::string{what};
  };
  check_logs(
      {{R"("${NOPE}")",
        at("the environment variable NOPE is not set, expected a "
           "value for it")},
       {R"("${file:nope}")",
        at("the file \"nope\" cannot be read: No such file or directory")},
       {R"("${file:}")", at("`${file:}` names no file, expected ${file:PATH}")},
       {R"("${}")",
        at("\"\" is no variable's name, expected ${NAME} or ${file:PATH}")},
       {R"("${a b}")",
        at("\"a b\" is no variable's name, expected ${NAME} or ${file:PATH}")},
       {R"("${SECRET")", at("a `${` is not closed, expected `}`")},
       {R"("${NOT_UTF8}")",
        at("the environment variable NOT_UTF8 is not UTF-8, expected text")},
       {R"("${NOPE} ${file:no}")",
        at("the environment variable NOPE is not set, expected a value for it")
            + "\n"
            + at(
                "the file \"no\" cannot be read: No such file or directory")}});
}

CAF_TEST(a replaced string may stand for a number or a boolean) {
  auto read = good(R"([http_listener.main]
host = "127.0.0.1"
port = "${PORT}"
[websocket.chat.server]
listener = "main"
[websocket.chat.reconnection]
fails_deployment = "${YES}"
backoff = { factor = "${FACTOR}" }
)");
  CAF_CHECK_EQUAL(read.switchboard.listeners.at(0).port, 8081);
  auto& reconnection = read.switchboard.websockets.at(0).reconnection;
  CAF_CHECK(reconnection.fails_deployment);
  CAF_CHECK_EQUAL(reconnection.backoff.factor, 1.5);
}

CAF_TEST(a replaced value never shows in a diagnostic) {
  auto result = load_text(R"([http_listener.main]
host = "${SECRET} x"
port = "${SECRET}"
protocol = "${SECRET}"
base_path = "{${SECRET}}"
handshake_timeout = "${SECRET}"
max_connections = "${SECRET}"
max_header_size = "${SECRET}"
allowed_origins = ["${SECRET}"]
trusted_proxies = ["${SECRET}"]
[websocket.chat.server]
listener = "${SECRET}"
compression = "${SECRET}"
subprotocols = ["${SECRET} x"]
slow_consumer = "${SECRET}"
[websocket.chat.reconnection]
strategy = "${SECRET}"
blocking = "${SECRET}"
backoff = { factor = "${SECRET}" }
[admin]
host = "${SECRET}"
tokens = ["${SECRET} x"]
[log]
level = "${SECRET}"
[[flow]]
name = "${SECRET}"
source = "${SECRET}"
output_mime_type = "${SECRET}"
[[flow]]
name = "${SECRET}"
config = "${SECRET}"
source = "startup"
steps = [
  { send = { config = "${SECRET}", socket_id = "/${SECRET}" } },
  { broadcast = { path = "/*/${SECRET}", socket_type = "${SECRET}" } },
  { close_socket = { close_code = "${SECRET}" } },
  { log = "x", when = "${SECRET}" },
  { flow_ref = "x${SECRET}" },
]
)");
  CAF_CHECK_GREATER_OR_EQUAL(result.diagnostics.size(), 30u);
  for (auto& problem : result.diagnostics)
    CAF_CHECK_EQUAL(render(problem, "f").find("hunter2"), std::string::npos);
}
