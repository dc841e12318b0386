#define CAF_SUITE api_guard
#include <caf/test/unit_test.hpp>

#include "tests/service/fake_registry.hpp"
#include "tests/service/http_client.hpp"
#include "tests/service/json_text.hpp"

using namespace switchboard;
using namespace switchboard::service;
using namespace switchboard::service::test;

CAF_TEST_FIXTURE_SCOPE(api_guard, api_fixture)

CAF_TEST(with tokens only health is open) {
  serve({"secret"});
  http_client client{server->address()};
  CAF_CHECK_EQUAL(client.ask("GET", "/healthz").status, 200u);
  CAF_CHECK_EQUAL(client.ask("GET", "/readyz").status, 200u);
  for (auto path : {"/v1/sockets", "/openapi.json", "/metrics", "/nowhere"}) {
    auto answer = client.ask("GET", path);
    CAF_CHECK_EQUAL(answer.status, 401u);
    CAF_CHECK(answer.header("WWW-Authenticate").starts_with("Bearer"));
    CAF_CHECK_EQUAL(text_of(answer.json().at("type")),
                    "SWITCHBOARD:UNAUTHENTICATED");
  }
  auto with = [&](const char* text) {
    return client.ask("GET", "/v1/sockets", {}, {{"Authorization", text}});
  };
  CAF_CHECK_EQUAL(with("Bearer secret").status, 200u);
  CAF_CHECK_EQUAL(with("Bearer wrong").status, 401u);
}

CAF_TEST(a body without a token is not read) {
  serve({"secret"});
  http_client client{server->address()};
  client.send("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\n"
              "Content-Length: 1000000\r\n\r\n");
  auto answer = client.read();
  CAF_CHECK_EQUAL(answer.status, 401u);
  CAF_CHECK(!answer.keep_alive);
}

CAF_TEST(a page of another origin cannot drive the API) {
  http_client client{server->address()};
  auto from = [&](const char* host, const char* origin) {
    return client
        .ask("POST", "/v1/close", {}, {{"Host", host}, {"Origin", origin}})
        .status;
  };
  CAF_CHECK_EQUAL(from("localhost:9080", "http://evil.example"), 403u);
  CAF_CHECK_EQUAL(from("localhost:9080", "null"), 403u);
  CAF_CHECK_EQUAL(from("evil.example:9080", "http://evil.example:9080"), 403u);
  CAF_CHECK_EQUAL(book->size(), 0u);
  CAF_CHECK_EQUAL(from("localhost:9080", "http://localhost:9080"), 200u);
}

CAF_TEST(a Host header must be there once) {
  for (auto headers : {"", "Host: localhost\r\nHost: evil.example\r\n"}) {
    http_client client{server->address()};
    client.send(std::string{"GET /v1/sockets HTTP/1.1\r\n"} + headers + "\r\n");
    CAF_CHECK_EQUAL(client.read().status, 400u);
  }
  http_client old{server->address()};
  old.send("GET /v1/sockets HTTP/1.0\r\n\r\n");
  auto answer = old.read();
  CAF_CHECK_EQUAL(answer.status, 200u);
  CAF_CHECK(!answer.keep_alive);
}

CAF_TEST(an address that is not loopback needs tokens) {
  admin_options options;
  options.host = "0.0.0.0";
  options.port = 0;
  api::backend served;
  served.registry = registry;
  auto started = api::server::start(system, options, served, {});
  CAF_REQUIRE(!started);
  CAF_CHECK(code_of(started.error()) == errc::invalid_argument);
  options.tokens = {"secret"};
  CAF_CHECK(api::server::start(system, options, served, {}).engaged());
}

CAF_TEST(an address in use is an error that names it) {
  admin_options options;
  auto address = server->address();
  options.port = static_cast<std::uint16_t>(
      std::stoi(address.substr(address.rfind(':') + 1)));
  api::backend served;
  served.registry = registry;
  auto started = api::server::start(system, options, served, {});
  CAF_REQUIRE(!started);
  CAF_CHECK(code_of(started.error()) == errc::connectivity);
  CAF_CHECK(describe(started.error()).message.find(address)
            != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
