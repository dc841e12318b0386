#define CAF_SUITE api_limits
#include <caf/test/unit_test.hpp>

#include "tests/service/fake_registry.hpp"
#include "tests/service/http_client.hpp"

using namespace switchboard;
using namespace switchboard::service;
using namespace switchboard::service::test;

CAF_TEST_FIXTURE_SCOPE(api_limits, api_fixture)

CAF_TEST(a connection serves many requests and pipelined ones in order) {
  http_client client{server->address()};
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
              "POST /v1/sockets/a/messages HTTP/1.1\r\nHost: localhost\r\n"
              "Content-Length: 2\r\n\r\nhi"
              "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
              "GET /readyz HTTP/1.1\r\nHost: localhost\r\n"
              "Connection: close\r\n\r\n");
  CAF_CHECK_EQUAL(client.read().status, 200u);
  CAF_CHECK_EQUAL(client.read().status, 204u);
  CAF_CHECK_EQUAL(client.read().status, 404u);
  auto last = client.read();
  CAF_CHECK_EQUAL(last.status, 200u);
  CAF_CHECK(!last.keep_alive);
  CAF_CHECK_EQUAL(client.read().status, 0u);
  CAF_CHECK_EQUAL(book->size(), 1u);
}

CAF_TEST(a body that is announced too large is refused unread) {
  http_client client{server->address()};
  client.send("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\n"
              "Content-Length: 67108864\r\n\r\n");
  auto answer = client.read();
  CAF_CHECK_EQUAL(answer.status, 413u);
  CAF_CHECK(!answer.keep_alive);
  CAF_CHECK_EQUAL(answer.header("Content-Type"), "application/problem+json");
}

CAF_TEST(a client that sends too much blindly still gets its answer) {
  http_client client{server->address()};
  auto answer =
      client.ask("POST", "/v1/broadcast", std::string(64 * 1024 * 1024, 'x'));
  CAF_CHECK_EQUAL(answer.status, 413u);
  CAF_CHECK_EQUAL(book->size(), 0u);
}

CAF_TEST(a body of sixteen mebibytes is taken and a byte more in chunks not ) {
  serve({});
  http_client client{server->address()};
  auto whole = std::string(16 * 1024 * 1024, 'x');
  CAF_CHECK_EQUAL(client.ask("POST", "/v1/broadcast", whole).status, 200u);
  CAF_CHECK_EQUAL(book->last<broadcast_request>()->content.size(),
                  whole.size());
  client.send("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\n"
              "Transfer-Encoding: chunked\r\n\r\n1000001\r\n");
  client.send(whole);
  client.send("x\r\n0\r\n\r\n");
  CAF_CHECK_EQUAL(client.read().status, 413u);
  CAF_CHECK_EQUAL(book->size(), 1u);
}

CAF_TEST(a body is asked for where the client waits to be asked) {
  http_client client{server->address()};
  client.send("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\n"
              "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CAF_CHECK_EQUAL(client.read().status, 100u);
  client.send("hi");
  CAF_CHECK_EQUAL(client.read().status, 200u);
  client.send("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\n"
              "Content-Length: 2\r\nExpect: miracles\r\n\r\n");
  CAF_CHECK_EQUAL(client.read().status, 417u);
}

CAF_TEST(a header that is too large is refused) {
  http_client client{server->address()};
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "
              + std::string(17 * 1024, 'x') + "\r\n\r\n");
  CAF_CHECK_EQUAL(client.read().status, 431u);
}

CAF_TEST(what is no HTTP is a bad request) {
  for (auto text : {"hello\r\n\r\n", "GET /healthz HTTP/2.0\r\n\r\n",
                    "GET /healthz\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
                    "GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n",
                    "GET /healthz HTTP/1.1\r\nHost: a\r\n"
                    "Content-Length: x\r\n\r\n"}) {
    http_client client{server->address()};
    client.send(text);
    CAF_CHECK_EQUAL(client.read().status, 400u);
    CAF_CHECK_EQUAL(client.read().status, 0u);
  }
}

CAF_TEST(a target that is no path is a bad request) {
  http_client client{server->address()};
  CAF_CHECK_EQUAL(client.ask("OPTIONS", "*").status, 400u);
}

CAF_TEST(a request that comes too slowly is timed out) {
  api::limits bounds;
  bounds.header_timeout = std::chrono::milliseconds{50};
  bounds.body_timeout = std::chrono::milliseconds{50};
  serve({}, bounds);
  http_client header{server->address()};
  header.send("GET /healthz HTTP/1.1\r\nHost: loc");
  CAF_CHECK_EQUAL(header.read().status, 408u);
  CAF_CHECK(header.read_to_end().empty());
  http_client body{server->address()};
  body.send("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Length: 10\r\n\r\nhalf");
  CAF_CHECK_EQUAL(body.read().status, 408u);
  CAF_CHECK(body.read_to_end().empty());
  CAF_CHECK_EQUAL(book->size(), 0u);
}

CAF_TEST(an idle connection is closed without an answer) {
  api::limits bounds;
  bounds.idle_timeout = std::chrono::milliseconds{50};
  serve({}, bounds);
  http_client client{server->address()};
  CAF_CHECK(client.read_to_end().empty());
}

CAF_TEST(a connection too many is told so and the others go on) {
  api::limits bounds;
  bounds.max_connections = 2;
  serve({}, bounds);
  http_client first{server->address()};
  http_client second{server->address()};
  CAF_CHECK_EQUAL(first.ask("GET", "/healthz").status, 200u);
  CAF_CHECK_EQUAL(second.ask("GET", "/healthz").status, 200u);
  http_client third{server->address()};
  CAF_CHECK_EQUAL(third.read().status, 503u);
  CAF_CHECK_EQUAL(first.ask("GET", "/healthz").status, 200u);
}

CAF_TEST(a server that stops ends its idle connections) {
  http_client client{server->address()};
  CAF_CHECK_EQUAL(client.ask("GET", "/healthz").status, 200u);
  server->stop();
  CAF_CHECK(client.read_to_end().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
