#define CAF_SUITE check
#include <caf/test/unit_test.hpp>

#include <sstream>

#include "service/check.hpp"
#include "service/demo.hpp"

using namespace switchboard;
using namespace switchboard::service;

namespace {

checked_configuration check_text(std::string_view text) {
  return service::check(config::load(text, "."));
}

constexpr std::string_view head = R"(
[http_listener.main]
host = "127.0.0.1"
port = 0
[websocket.main.server]
listener = "main"
)";

} // namespace

CAF_TEST(the built in demonstration is right and has its pages) {
  auto read = service::check(load_demo());
  for (auto& wrong : read.diagnostics)
    CAF_MESSAGE(config::render(wrong, "demo.toml"));
  CAF_CHECK(read.diagnostics.empty());
  CAF_CHECK(read.program != nullptr);
  CAF_REQUIRE_EQUAL(read.value.switchboard.listeners.size(), 1u);
  auto& listener = read.value.switchboard.listeners[0];
  CAF_CHECK_EQUAL(listener.name, demo_listener);
  CAF_REQUIRE_EQUAL(listener.pages.size(), 4u);
  for (auto& page : listener.pages)
    CAF_CHECK(!page.body.empty());
  CAF_CHECK(listener.pages[0].body.starts_with("<!doctype html>"));
  CAF_CHECK(listener.pages[0].body.ends_with("</html>\n"));
}

CAF_TEST(mistakes of file and flows come in the order of the file) {
  auto read = check_text(std::string{head} + R"(
[[flow]]
name = "one"
source = "inbound-listener"
steps = [ { send = { content = "#[1 +]" } } ]
[log]
level = "loud"
)");
  CAF_REQUIRE_EQUAL(read.diagnostics.size(), 2u);
  CAF_CHECK(read.diagnostics[0].at.line < read.diagnostics[1].at.line);
  CAF_CHECK_EQUAL(read.diagnostics[0].at.line, 11u);
  CAF_CHECK(read.program == nullptr);
  std::ostringstream out;
  print(out, read.diagnostics, "x.toml");
  CAF_CHECK(
      out.str().starts_with("x.toml:11:32: flow[0].steps[0].send.content: "));
  CAF_CHECK(out.str().find("\nx.toml:13:") != std::string::npos);
}

CAF_TEST(a configuration without mistakes has a program) {
  auto read = check_text(head);
  CAF_CHECK(read.diagnostics.empty());
  CAF_CHECK(read.program != nullptr);
}
