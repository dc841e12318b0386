#define CAF_SUITE flows.backend_answer

#include <caf/test/unit_test.hpp>

#include "flows/backend_call.hpp"
#include "flows/cloud_event.hpp"
#include "flows/webhook_permits.hpp"
#include "tests/flows/making.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;
using namespace std::literals;

namespace {

backend_answer answer(unsigned status, std::string body = {},
                      net::header_list headers = {}) {
  backend_answer result;
  result.from = "h:80";
  result.what.status = status;
  result.what.body = std::move(body);
  result.what.headers = std::move(headers);
  return result;
}

scope with(const backend_answer& what) {
  auto result = make_scope(make_text("hello"));
  result.vars.set("r", to_value(what));
  return result;
}

std::string orders_of(net::header_list headers) {
  std::string problem;
  auto orders = read_orders(answer(200, {}, std::move(headers)), problem);
  if (!orders)
    return "!" + problem;
  std::string result;
  for (auto& group : orders->subscribe)
    result += "+" + group;
  for (auto& group : orders->unsubscribe)
    result += "-" + group;
  if (orders->close)
    result += "=" + std::to_string(orders->close->code) + orders->close->reason;
  return result;
}

} // namespace

CAF_TEST(an answer is read by paths and by Lua alike) {
  auto json = with(answer(
      201, "{ \"a\": [1, 2] }",
      {{"Content-Type", "application/json"}, {"X-One", "1"}, {"x-one", "2"}}));
  for (auto& text : {"#[vars.r.body.a[2]]"s, "#[(vars.r.body.a[2])]"s})
    CAF_CHECK_EQUAL(text_of(text, json), "2");
  CAF_CHECK_EQUAL(text_of("#[vars.r.body]", json), "{ \"a\": [1, 2] }");
  CAF_CHECK_EQUAL(text_of("#[vars.r.status + 1]", json), "202");
  CAF_CHECK_EQUAL(text_of("#[vars.r.headers['x-one'][2]]", json), "2");
  CAF_CHECK_EQUAL(text_of("#[vars.r.nothing]", json), "");
  CAF_CHECK_EQUAL(text_of("#[vars.r]", json),
                  "{\"body\":{\"a\":[1,2]},\"status\":201,\"headers\":{"
                  "\"content-type\":\"application/json\",\"x-one\":[\"1\","
                  "\"2\"]}}");
  auto broken = with(answer(200, "{", {{"content-type", "application/json"}}));
  CAF_CHECK_EQUAL(text_of("#[vars.r.body]", broken), "{");
  CAF_CHECK_EQUAL(text_of("#[vars.r.body .. vars.r.status]", broken), "{200");
  auto plain = with(answer(200, "{}"));
  CAF_CHECK_EQUAL(text_of("#[#vars.r.body]", plain), "2");
}

CAF_TEST(orders are read from headers) {
  CAF_CHECK_EQUAL(orders_of({}), "");
  CAF_CHECK_EQUAL(orders_of({{"switchboard-groups", " a, +b ,-c,, %2Dd%2Ce"}}),
                  "+a+b+-d,e-c");
  CAF_CHECK_EQUAL(
      orders_of({{"Switchboard-Groups", "a"}, {"Switchboard-Groups", "b"}}),
      "+a+b");
  CAF_CHECK(orders_of({{"switchboard-groups", "a,-"}}).starts_with("!"));
  CAF_CHECK(orders_of({{"switchboard-groups", "%FF"}}).starts_with("!"));
  CAF_CHECK_EQUAL(orders_of({{"switchboard-close", "1000"}}), "=1000");
  CAF_CHECK_EQUAL(
      orders_of({{"switchboard-close", "NORMAL_CLOSURE  see%20you"}}),
      "=1000see you");
  CAF_CHECK_EQUAL(orders_of({{"switchboard-close", "4000 50% off%0D"}}),
                  "=400050% off.");
  for (auto wrong : {"", "1005", "999 x", "x"})
    CAF_CHECK(orders_of({{"switchboard-close", wrong}}).starts_with("!"));
}

CAF_TEST(a reason fits into a close frame) {
  auto wide = std::string{};
  for (auto i = 0; i < 100; ++i)
    wide += "\xE2\x82\xAC";
  CAF_CHECK_EQUAL(fit_reason(wide).size(), 123u);
  CAF_CHECK_EQUAL(fit_reason("x" + wide).size(), 121u);
  CAF_CHECK_EQUAL(fit_reason("a\r\nb\xFF"), "a..b.");
  net::header_list text{{"content-type", "text/plain"}};
  auto refused = answer(403, " no \n", text);
  refused.what.reason = "Forbidden";
  CAF_CHECK_EQUAL(refusal_of(refused), "no");
  refused.what.headers = {{"content-type", "text/html"}};
  CAF_CHECK_EQUAL(refusal_of(refused), "Forbidden");
  refused.what.headers = {{"switchboard-close", "4003 own"}};
  CAF_CHECK_EQUAL(refusal_of(refused), "own");
}

CAF_TEST(an error tells address and status and the beginning of the body) {
  CAF_CHECK(!problem_of(answer(204)));
  auto error = problem_of(answer(500, std::string(600, 'x') + "\n"));
  CAF_REQUIRE(error.has_value());
  CAF_CHECK_EQUAL(error->type, "HTTP:500");
  CAF_CHECK_EQUAL(error->message,
                  "h:80 answered 500: " + std::string(512, 'x'));
}

CAF_TEST(an event is told as CloudEvents 1.0 want it) {
  flow root;
  root.source = flow_source::on_socket_closed;
  event_identity event{"id 1", caf::timestamp{1'500ms}};
  net::header_list headers;
  add_event_headers(headers, event, root, make_scope({}));
  std::string text;
  for (auto& [name, value] : headers)
    text += name + ": " + value + "\n";
  CAF_CHECK_EQUAL(text, "ce-specversion: 1.0\nce-id: id%201\n"
                        "ce-source: /switchboard/main\n"
                        "ce-type: switchboard.closed\n"
                        "ce-time: 1970-01-01T00:00:01.500Z\n"
                        "ce-subject: s1\nce-config: main\n"
                        "ce-path: /chat/lobby\nce-groups: a,b\n");
  CAF_CHECK_EQUAL(encode_event_value("Euro \xE2\x82\xAC \"%\"\r\n"),
                  "Euro%20%E2%82%AC%20%22%25%22%0D%0A");
  CAF_CHECK_NOT_EQUAL(make_event_id(), make_event_id());
  CAF_CHECK_EQUAL(decode_name("%2c%2C%zz%4"), ",,%zz%4");
}

CAF_TEST(a permit is asked for once and holds its time) {
  webhook_permits permits;
  using verdict = webhook_permits::verdict;
  net::clock::time_point now{};
  now += 1h;
  CAF_CHECK(permits.look("t", 1, now) == verdict::ask);
  CAF_CHECK(permits.look("t", 2, now) == verdict::wait);
  CAF_CHECK(permits.look("u", 3, now) == verdict::ask);
  CAF_CHECK(permits.settle("t", true, now) == (webhook_permits::id_list{1, 2}));
  CAF_CHECK(permits.look("t", 4, now + 59min) == verdict::granted);
  CAF_CHECK(permits.look("t", 4, now + 61min) == verdict::ask);
  permits.settle("u", false, now);
  CAF_CHECK(permits.look("u", 5, now + 9s) == verdict::denied);
  CAF_CHECK(permits.look("u", 5, now + 11s) == verdict::ask);
  permits.settle("u", std::nullopt, now + 11s);
  CAF_CHECK(permits.look("u", 6, now + 11s) == verdict::ask);
  auto allows = [](unsigned status, std::string origin) {
    return webhook_permits::grants(
        answer(status, {}, {{"webhook-allowed-origin", std::move(origin)}})
            .what,
        "me.example");
  };
  CAF_CHECK(allows(200, "*"));
  CAF_CHECK(allows(204, "ME.example"));
  CAF_CHECK(!allows(200, "you.example"));
  CAF_CHECK(!allows(405, "*"));
  CAF_CHECK(!allows(200, ""));
}
