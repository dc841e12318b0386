#define CAF_SUITE api_operations
#include <caf/test/unit_test.hpp>

#include "tests/service/fake_registry.hpp"
#include "tests/service/http_client.hpp"
#include "tests/service/json_text.hpp"

using namespace switchboard;
using namespace switchboard::service::test;

namespace {

struct fixture : api_fixture {
  fixture() : client(server->address()) {}

  /// Checks status and error name of an answer with a problem.
  void check_problem(const http_answer& answer, unsigned status,
                     std::string_view type) {
    CAF_CHECK_EQUAL(answer.status, status);
    CAF_CHECK_EQUAL(answer.header("Content-Type"), "application/problem+json");
    auto body = answer.json();
    CAF_REQUIRE(body.is_object());
    CAF_CHECK_EQUAL(text_of(body.at("type")), type);
    CAF_CHECK_EQUAL(body.at("status").to_number<unsigned>(), status);
    CAF_CHECK(!body.at("title").as_string().empty());
    CAF_CHECK(!body.at("detail").as_string().empty());
  }

  http_client client;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(api_operations, fixture)

CAF_TEST(sockets are listed a page at a time) {
  auto answer = client.ask("GET", "/v1/sockets?config=main&path=/chat/*&type="
                                  "INBOUND&group=x&group=y&limit=1000");
  CAF_CHECK_EQUAL(answer.status, 200u);
  CAF_CHECK_EQUAL(answer.header("Content-Type"), "application/json");
  auto body = answer.json();
  CAF_REQUIRE_EQUAL(body.at("sockets").as_array().size(), 1u);
  CAF_CHECK_EQUAL(text_of(body.at("sockets").at(0).at("socket_id")), "a");
  CAF_CHECK_EQUAL(text_of(body.at("next")), "a");
  auto asked = book->last<list_sockets_request>();
  CAF_REQUIRE(asked != nullptr);
  CAF_CHECK_EQUAL(asked->which.config, "main");
  CAF_CHECK_EQUAL(asked->which.path, "/chat/*");
  CAF_CHECK_EQUAL(asked->which.groups.size(), 2u);
  CAF_CHECK_EQUAL(asked->limit, 1000u);
  CAF_CHECK(
      client.ask("GET", "/v1/sockets?after=a").json().at("next").is_null());
  CAF_CHECK_EQUAL(book->last<list_sockets_request>()->after, "a");
}

CAF_TEST(one socket is shown or not found) {
  CAF_CHECK_EQUAL(
      text_of(client.ask("GET", "/v1/sockets/a").json().at("socket_id")), "a");
  check_problem(client.ask("GET", "/v1/sockets/b%20c"), 404,
                "WEBSOCKET:NO_SUCH_SOCKET");
  CAF_CHECK_EQUAL(book->last<get_socket_request>()->socket_id, "b c");
}

CAF_TEST(a message is sent as text or as binary) {
  auto text = client.ask("POST", "/v1/sockets/a/messages", "h\xC3\xA4llo");
  CAF_CHECK_EQUAL(text.status, 204u);
  CAF_CHECK(text.body.empty());
  CAF_CHECK(text.header("Content-Length").empty());
  auto asked = book->last<send_request>();
  CAF_REQUIRE(asked != nullptr);
  CAF_CHECK_EQUAL(asked->content.view(), "h\xC3\xA4llo");
  CAF_CHECK(!asked->content.binary());
  client.ask("POST", "/v1/sockets/a/messages?config=main",
             std::string{"\0\xFF", 2},
             {{"Content-Type", "Application/Octet-Stream; x=y"}});
  asked = book->last<send_request>();
  CAF_CHECK_EQUAL(asked->config, "main");
  CAF_CHECK_EQUAL(asked->content.size(), 2u);
  CAF_CHECK(asked->content.binary());
  CAF_CHECK_EQUAL(client.ask("POST", "/v1/sockets/a/messages").status, 204u);
  CAF_CHECK_EQUAL(book->last<send_request>()->content.size(), 0u);
}

CAF_TEST(a text that is not UTF 8 reaches nobody) {
  for (auto path : {"/v1/sockets/a/messages", "/v1/broadcast"})
    check_problem(client.ask("POST", path, "\xFF"), 400,
                  "SWITCHBOARD:INVALID_ARGUMENT");
  CAF_CHECK_EQUAL(book->size(), 0u);
}

CAF_TEST(an unreachable peer is a bad gateway) {
  check_problem(client.ask("POST", "/v1/sockets/lost/messages", "x"), 502,
                "WEBSOCKET:CONNECTIVITY");
}

CAF_TEST(a broadcast gives who matched and who failed) {
  auto answer = client.ask("POST", "/v1/broadcast?group=a%26b&type=ALL", "x");
  CAF_CHECK_EQUAL(answer.status, 200u);
  auto body = answer.json();
  CAF_CHECK_EQUAL(body.at("matched").to_number<int>(), 2);
  auto failure = body.at("failures").at(0);
  CAF_CHECK_EQUAL(text_of(failure.at("socket_id")), "lost");
  CAF_CHECK_EQUAL(text_of(failure.at("type")), "INBOUND");
  CAF_CHECK_EQUAL(text_of(failure.at("error_type")), "WEBSOCKET:CONNECTIVITY");
  CAF_CHECK_EQUAL(book->last<broadcast_request>()->to.groups.at(0), "a&b");
  check_problem(client.ask("POST", "/v1/broadcast?config=unknown", "x"), 400,
                "SWITCHBOARD:INVALID_ARGUMENT");
}

CAF_TEST(sockets are closed with code and reason) {
  CAF_CHECK_EQUAL(client.ask("DELETE", "/v1/sockets/a").status, 204u);
  auto asked = book->last<close_request>();
  CAF_REQUIRE(asked != nullptr);
  CAF_CHECK_EQUAL(asked->code, 1000u);
  client.ask("DELETE", "/v1/sockets/a?code=4000&reason=so+long");
  asked = book->last<close_request>();
  CAF_CHECK_EQUAL(asked->code, 4000u);
  CAF_CHECK_EQUAL(asked->reason, "so long");
  auto answer =
      client.ask("POST", "/v1/close?code=ENDPOINT_GOING_DOWN&path=/a");
  CAF_CHECK_EQUAL(answer.json().at("closed").to_number<int>(), 3);
  CAF_CHECK_EQUAL(book->last<bulk_close_request>()->code, 1001u);
  CAF_CHECK_EQUAL(book->last<bulk_close_request>()->to.path, "/a");
}

CAF_TEST(groups are joined and left) {
  CAF_CHECK_EQUAL(client.ask("PUT", "/v1/sockets/a/groups/x%2Fy").status, 204u);
  auto joined = book->last<subscribe_groups_request>();
  CAF_REQUIRE(joined != nullptr);
  CAF_CHECK(joined->groups == std::vector<std::string>{"x/y"});
  CAF_CHECK_EQUAL(client.ask("DELETE", "/v1/sockets/a/groups/x").status, 204u);
  CAF_CHECK(book->last<unsubscribe_groups_request>() != nullptr);
  check_problem(client.ask("PUT", "/v1/sockets/b/groups/x"), 404,
                "WEBSOCKET:NO_SUCH_SOCKET");
}

CAF_TEST(a token is renewed and shown to nobody) {
  // As shells put it there.
  auto renewed = client.ask("PUT", "/v1/sockets/a/token?config=main", "good\n");
  CAF_CHECK_EQUAL(renewed.status, 204u);
  auto asked = book->last<renew_token_request>();
  CAF_REQUIRE(asked != nullptr);
  CAF_CHECK_EQUAL(asked->config, "main");
  CAF_CHECK_EQUAL(asked->socket_id, "a");
  CAF_CHECK_EQUAL(asked->token, "good");
  auto refused = client.ask("PUT", "/v1/sockets/a/token", "sesame");
  CAF_CHECK_EQUAL(refused.status, 400u);
  CAF_CHECK_EQUAL(refused.body.find("sesame"), std::string::npos);
  CAF_CHECK_EQUAL(client.ask("PUT", "/v1/sockets/b/token", "good").status,
                  404u);
}

CAF_TEST(what there is can be listed) {
  CAF_CHECK_EQUAL(client.ask("GET", "/v1/groups?config=main").body,
                  "{\"groups\":[{\"config\":\"main\",\"name\":\"x\","
                  "\"sockets\":1}]}\n");
  CAF_CHECK_EQUAL(book->last<list_groups_request>()->config, "main");
  CAF_CHECK_EQUAL(text_of(client.ask("GET", "/v1/configs")
                              .json()
                              .at("configs")
                              .at(0)
                              .at("address")),
                  "127.0.0.1:8080");
  CAF_CHECK_EQUAL(client.ask("GET", "/v1/flows").body,
                  "{\"flows\":[{\"name\":\"one\"}]}\n");
}

CAF_TEST(health is told apart from readiness) {
  CAF_CHECK_EQUAL(client.ask("GET", "/healthz").status, 200u);
  CAF_CHECK_EQUAL(client.ask("GET", "/readyz").status, 200u);
  not_ready = "a listener is not bound";
  auto answer = client.ask("GET", "/readyz");
  check_problem(answer, 503, "about:blank");
  CAF_CHECK_EQUAL(text_of(answer.json().at("detail")), *not_ready);
  CAF_CHECK_EQUAL(client.ask("GET", "/healthz").status, 200u);
}

CAF_TEST(a socket is opened as its request says) {
  auto answer =
      client.ask("POST", "/v1/sockets", R"({"socket_id": "b", "path": "/x"})");
  CAF_CHECK_EQUAL(answer.status, 201u);
  auto body = answer.json();
  CAF_CHECK_EQUAL(text_of(body.at("socket_id")), "b");
  auto asked = book->last<open_outbound_socket_request>();
  CAF_REQUIRE(asked != nullptr);
  CAF_CHECK_EQUAL(asked->path, "/x");
  check_problem(client.ask("POST", "/v1/sockets", R"({"socket_id": "lost"})"),
                502, "WEBSOCKET:FORBIDDEN");
  check_problem(client.ask("POST", "/v1/sockets", R"({"socket_id": "a"})"), 409,
                "WEBSOCKET:NON_UNIQUE_SOCKET_ID");
  auto size = book->size();
  for (auto wrong : {"{", "[]", R"({"nobody": 1})", R"({"path": 1})",
                     R"({"headers": 7})", R"({"default_groups": "g"})"})
    check_problem(client.ask("POST", "/v1/sockets", wrong), 400,
                  "SWITCHBOARD:INVALID_ARGUMENT");
  CAF_CHECK_EQUAL(book->size(), size);
}

CAF_TEST(sockets that are gone are listed and shown) {
  auto answer = client.ask("GET", "/v1/closed?config=main&type=INBOUND&path="
                                  "/chat/*&group=x&limit=2&after=9");
  CAF_CHECK_EQUAL(answer.status, 200u);
  auto body = answer.json();
  CAF_REQUIRE_EQUAL(body.at("sockets").as_array().size(), 1u);
  auto& socket = body.at("sockets").at(0);
  CAF_CHECK_EQUAL(text_of(socket.at("by")), "timeout");
  CAF_CHECK_EQUAL(text_of(socket.at("code")), "ENDPOINT_GOING_DOWN");
  CAF_CHECK_EQUAL(socket.at("code_number").to_number<int>(), 1001);
  CAF_CHECK_EQUAL(text_of(socket.at("opened_at")), "2026-01-01T00:00:00.000Z");
  CAF_CHECK_EQUAL(text_of(socket.at("closed_at")), "2026-01-01T00:00:01.000Z");
  CAF_CHECK_EQUAL(socket.at("peak_queued_bytes").to_number<int>(), 11);
  CAF_CHECK(body.at("next").is_null());
  auto asked = book->last<list_closed_request>();
  CAF_REQUIRE(asked != nullptr);
  CAF_CHECK_EQUAL(asked->before, 9u);
  CAF_CHECK_EQUAL(asked->limit, 2u);
  CAF_CHECK_EQUAL(asked->which.path, "/chat/*");
  CAF_CHECK_EQUAL(text_of(client.ask("GET", "/v1/closed").json().at("next")),
                  "7");
  CAF_CHECK_EQUAL(
      text_of(client.ask("GET", "/v1/closed/a").json().at("socket_id")), "a");
  check_problem(client.ask("GET", "/v1/closed/b"), 404,
                "WEBSOCKET:NO_SUCH_SOCKET");
  for (auto wrong : {"0", "x", "-1", "", "1x"})
    check_problem(client.ask("GET", std::string{"/v1/closed?after="} + wrong),
                  400, "SWITCHBOARD:INVALID_ARGUMENT");
}

CAF_TEST(metrics are text) {
  auto answer = client.ask("GET", "/metrics");
  CAF_CHECK_EQUAL(answer.status, 200u);
  CAF_CHECK_EQUAL(answer.header("Content-Type"),
                  "text/plain; version=0.0.4; charset=utf-8");
  CAF_CHECK_EQUAL(answer.body, "up 1\n");
}

CAF_TEST(wrong paths methods and parameters are told apart) {
  check_problem(client.ask("GET", "/"), 404, "about:blank");
  auto wrong = client.ask("PUT", "/v1/sockets");
  check_problem(wrong, 405, "about:blank");
  CAF_CHECK_EQUAL(wrong.header("Allow"), "GET, HEAD, POST");
  for (auto target :
       {"/v1/sockets?limit=0", "/v1/sockets?x=1", "/v1/sockets?type=in",
        "/v1/sockets?group=", "/v1/sockets?after=%zz", "/v1/sockets/%zz",
        "/v1/groups?config=a&config=b"})
    check_problem(client.ask("GET", target), 400,
                  "SWITCHBOARD:INVALID_ARGUMENT");
  CAF_CHECK_EQUAL(book->size(), 0u);
}

CAF_TEST(HEAD has the header of GET and no body) {
  auto get = client.ask("GET", "/v1/configs");
  auto head = client.ask("HEAD", "/v1/configs");
  CAF_CHECK_EQUAL(head.status, 200u);
  CAF_CHECK(head.body.empty());
  CAF_CHECK_EQUAL(head.header("Content-Length"), get.header("Content-Length"));
  CAF_CHECK_EQUAL(client.ask("GET", "/healthz").status, 200u);
}

CAF_TEST(a registry that is gone is a bad gateway) {
  caf::scoped_actor self{system};
  self->send_exit(registry, caf::exit_reason::kill);
  self->wait_for(registry);
  check_problem(client.ask("GET", "/v1/sockets/a"), 502,
                "WEBSOCKET:CONNECTIVITY");
}

CAF_TEST(a drain is asked for and shown) {
  CAF_CHECK_EQUAL(text_of(client.ask("GET", "/v1/drain").json().at("state")),
                  "none");
  CAF_CHECK_EQUAL(drains, 0);
  auto begun = client.ask("POST", "/v1/drain");
  CAF_CHECK_EQUAL(begun.status, 202u);
  CAF_CHECK_EQUAL(drains, 1);
  auto shown = client.ask("GET", "/v1/drain").json();
  CAF_CHECK_EQUAL(text_of(shown.at("state")), "draining");
  CAF_CHECK(shown.at("sockets").is_number());
}

CAF_TEST_FIXTURE_SCOPE_END()
