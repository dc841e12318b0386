#define CAF_SUITE config.http_step

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;
using namespace std::literals;

namespace {

std::string with(std::string_view step) {
  return std::string{small_file}
         + "[tls.inner]\n[proxy.out]\nhost = \"h\"\nport = 3128\n"
           "[[flow]]\nname = \"f\"\nsteps = [ { http_request = { "
         + std::string{step} + " } } ]\n";
}

http_request_step read(std::string_view step) {
  auto read = good(with(step));
  auto* form =
      std::get_if<http_request_step>(&read.flows.at(0).steps.at(0).form);
  CAF_REQUIRE(form != nullptr);
  return *form;
}

/// What is wrong with one step, without place and common key.
std::string wrong(std::string_view step) {
  auto text = problems_of(with(step));
  if (text.ends_with('\n'))
    text.pop_back();
  constexpr std::string_view key = "flow[0].steps[0].http_request";
  auto at = text.find(key);
  return at == std::string::npos ? text : text.substr(at + key.size());
}

} // namespace

CAF_TEST(a request needs a url only) {
  auto step = read(R"(url = "http://backend:8000/x")");
  CAF_CHECK_EQUAL(step.url.text, "http://backend:8000/x");
  CAF_CHECK(!step.method);
  CAF_CHECK(!step.body);
  auto& settings = step.settings;
  CAF_CHECK(settings.timeout == 10s);
  CAF_CHECK_EQUAL(settings.max_connections, 32u);
  CAF_CHECK_EQUAL(settings.queue_limit, 1024u);
  CAF_CHECK_EQUAL(settings.max_response_size, 1024u * 1024u);
  CAF_CHECK(settings.event);
  CAF_CHECK(!settings.idempotent);
  CAF_CHECK(!settings.reconnection);
  CAF_CHECK(settings.secret.empty());
}

CAF_TEST(all of a request is read) {
  auto step = read(
      R"(method = "#[vars.m]", url = "https://h/#[payload]", headers = { x-a = "#[1]", b = "2" }, )"
      R"(body = "#[vars.b]", timeout = "250ms", secret = "${SECRET}", tls = "inner", proxy = "out", )"
      R"(max_connections = 3, queue_limit = 0, max_response_size = "64KiB", event = true, )"
      R"(idempotent = true, webhook_origin = "switchboard.example.com", )"
      R"(reconnection = { strategy = "reconnect-forever", frequency = "1s" })");
  CAF_CHECK_EQUAL(step.method->text, "#[vars.m]");
  CAF_CHECK_EQUAL(step.headers.items.size(), 2u);
  CAF_CHECK_EQUAL(step.body->text, "#[vars.b]");
  auto& settings = step.settings;
  CAF_CHECK(settings.timeout == 250ms);
  CAF_CHECK_EQUAL(settings.secret, "hunter2");
  CAF_CHECK_EQUAL(settings.tls, "inner");
  CAF_CHECK_EQUAL(settings.proxy, "out");
  CAF_CHECK_EQUAL(settings.max_connections, 3u);
  CAF_CHECK_EQUAL(settings.queue_limit, 0u);
  CAF_CHECK_EQUAL(settings.max_response_size, 64u * 1024u);
  CAF_CHECK_EQUAL(*settings.idempotent, true);
  CAF_CHECK_EQUAL(settings.webhook_origin, "switchboard.example.com");
  CAF_CHECK(settings.reconnection->strategy
            == reconnection_strategy::reconnect_forever);
}

CAF_TEST(what is wrong with a request is told) {
  auto check = [](std::string_view step, std::string_view expected) {
    CAF_CHECK_EQUAL(wrong(step), expected);
  };
  constexpr auto such = ", expected a URL such as \"https://host:port/path\"";
  check("", ".url: is missing"s + such);
  check(R"(url = "nowhere")", ".url: is no URL"s + such);
  check(R"(url = "ws://h/")",
        ".url: has another scheme than http and https"s + such);
  check(R"(url = "http://u:secret@h/")",
        ".url: holds credentials, expected them in headers");
  check(R"(url = "http:///x")", ".url: names no host"s + such);
  constexpr std::string_view url = R"(url = "http://h/", )";
  auto more = [&](std::string_view key, std::string_view expected) {
    check(std::string{url} + std::string{key}, expected);
  };
  more(R"(method = "A B")",
       ".method: \"A B\" is no method, expected one such as \"POST\"");
  more(R"(method = "CONNECT")", ".method: \"CONNECT\" is for proxies, expected "
                                "a method such as \"POST\"");
  more(R"(headers = { ce-id = "1" })",
       ".headers: has \"ce-id\", which the request sets itself, expected "
       "another header");
  more(R"(headers = { Content-Length = "1" })",
       ".headers.Content-Length: \"Content-Length\" belongs to the handshake, "
       "expected another header");
  more(R"(body = "#[")", ".body: has an unclosed `#[`, expected the `]` that "
                         "balances it");
  more(
      R"(timeout = "0s")",
      ".timeout: \"0s\" is too short, expected a duration such as \"250ms\" or "
      "\"15min\" longer than 0");
  more(R"(secret = "")",
       ".secret: is empty, expected a secret that is not empty");
  more(R"(secret = "s", event = false)",
       ".secret: signs the id of an event, expected event to be true");
  more(R"(webhook_origin = "http://x")",
       ".webhook_origin: \"http://x\" is no host name, expected one such as "
       "\"switchboard.example.com\"");
  more("max_connections = 0", ".max_connections: 0 is out of range, expected "
                              "an integer from 1 to 65535");
  more(R"(tls = "iner")", ".tls: \"iner\" is no tls, the nearest is \"inner\"");
  more(R"(proxy = "ot")",
       ".proxy: \"ot\" is no [proxy.NAME], the nearest is \"out\"");
  more("tiemout = 5",
       ".tiemout: is an unknown key, the nearest known key is timeout");
}

CAF_TEST(limits of a flow are read) {
  auto flow = good(std::string{small_file}
                   + "[[flow]]\nname = \"f\"\nsource = \"inbound-listener\"\n"
                     "path = \"/f\"\nmax_concurrency = 4\ntimeout = \"3s\"\n")
                  .flows.at(0);
  CAF_CHECK_EQUAL(flow.max_concurrency, 4u);
  CAF_CHECK(flow.timeout == 3s);
  auto text = problems_of(std::string{small_file}
                          + "[[flow]]\nname = \"f\"\nmax_concurrency = 4\n");
  CAF_CHECK(text.find("max_concurrency: has no effect here")
            != std::string::npos);
  CAF_CHECK(problems_of(std::string{small_file}
                        + "[[flow]]\nname = \"f\"\nsource = \"startup\"\n"
                          "timeout = \"0s\"\n")
                .find("timeout:")
            != std::string::npos);
}
