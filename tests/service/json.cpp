#define CAF_SUITE json
#include <caf/test/unit_test.hpp>

#include "service/api/json.hpp"
#include "service/api/openapi.hpp"
#include "service/api/problem.hpp"
#include "service/text.hpp"
#include "tests/service/fake_registry.hpp"
#include "tests/service/json_text.hpp"

using namespace switchboard;
using namespace switchboard::service;
using namespace switchboard::service::api;

namespace {

/// Whether an object has exactly the members that its schema names.
bool fits(const boost::json::object& value, const char* schema) {
  auto known = schemas();
  auto& members = known.at(schema).at("properties").as_object();
  for (auto& [name, ignored] : value)
    if (!members.contains(name))
      return false;
  return members.size() == value.size();
}

} // namespace

CAF_TEST(a socket shows its attributes under their names) {
  auto shown = to_json(test::example_socket());
  CAF_CHECK_EQUAL(test::text_of(shown.at("socket_id")), "a");
  CAF_CHECK_EQUAL(test::text_of(shown.at("socket_type")), "INBOUND");
  CAF_CHECK_EQUAL(test::text_of(shown.at("state")), "open");
  CAF_CHECK_EQUAL(test::text_of(shown.at("connected_at")),
                  "2026-01-01T00:00:00.123Z");
  CAF_CHECK_EQUAL(shown.at("messages_received").to_number<int>(), 7);
  CAF_CHECK_EQUAL(boost::json::serialize(shown.at("groups")), R"(["x","y"])");
  CAF_CHECK_EQUAL(boost::json::serialize(shown.at("uri_params")),
                  R"({"room":"one"})");
}

CAF_TEST(repeated names are arrays and bytes that are not UTF 8 are replaced) {
  auto shown = to_json(test::example_socket());
  CAF_CHECK_EQUAL(boost::json::serialize(shown.at("query_params")),
                  "{\"q\":[\"1\",\"2\"],\"r\":\"\xEF\xBF\xBD\"}");
  CAF_CHECK_EQUAL(boost::json::serialize(shown.at("headers").at("x-trace")),
                  R"(["1","2"])");
}

CAF_TEST(credentials of a handshake are not shown) {
  auto shown = to_json(test::example_socket());
  for (auto name : {"authorization", "cookie", "proxy-authorization"})
    CAF_CHECK_EQUAL(test::text_of(shown.at("headers").at(name)), "[redacted]");
  auto text = boost::json::serialize(shown);
  CAF_CHECK(text.find("c2VjcmV0") == std::string::npos);
  CAF_CHECK(text.find("session=") == std::string::npos);
}

CAF_TEST(what is rendered is what the description says) {
  CAF_CHECK(fits(to_json(test::example_socket()), "Socket"));
  CAF_CHECK(fits(to_json(broadcast_failure{}), "BroadcastFailure"));
  CAF_CHECK(fits(to_json(group_info{}), "Group"));
  CAF_CHECK(fits(to_json(config_info{}), "Config"));
  auto body = boost::json::parse(problem(404, "x").body);
  CAF_CHECK(fits(body.as_object(), "Problem"));
}

CAF_TEST(a problem has the name and status of its error) {
  auto shown = problem(make_error(errc::no_such_socket, "no socket q\xFF"));
  CAF_CHECK_EQUAL(shown.status, 404u);
  CAF_CHECK_EQUAL(shown.content_type, "application/problem+json");
  auto body = boost::json::parse(shown.body);
  CAF_CHECK_EQUAL(test::text_of(body.at("type")), "WEBSOCKET:NO_SUCH_SOCKET");
  CAF_CHECK_EQUAL(body.at("status").to_number<int>(), 404);
  CAF_CHECK_EQUAL(test::text_of(body.at("detail")), "no socket q\xEF\xBF\xBD");
}

CAF_TEST(an error of the actor framework is a time out or an unreachable peer) {
  auto late = problem(caf::make_error(caf::sec::request_timeout));
  CAF_CHECK_EQUAL(late.status, 504u);
  CAF_CHECK(late.body.find("SWITCHBOARD:TIMEOUT") != std::string::npos);
  auto gone = problem(caf::make_error(caf::sec::request_receiver_down));
  CAF_CHECK_EQUAL(gone.status, 502u);
  CAF_CHECK(gone.body.find("WEBSOCKET:CONNECTIVITY") != std::string::npos);
}

CAF_TEST(broken UTF 8 is replaced byte by byte) {
  auto mark = std::string{"\xEF\xBF\xBD"};
  CAF_CHECK_EQUAL(to_valid_utf8("a\xC3\xA4\xF0\x9F\x98\x80z"),
                  "a\xC3\xA4\xF0\x9F\x98\x80z");
  // Overlong, surrogate, beyond the last code point, cut off.
  CAF_CHECK_EQUAL(to_valid_utf8("\xC0\xAF"), mark + mark);
  CAF_CHECK_EQUAL(to_valid_utf8("\xED\xA0\x80"), mark + mark + mark);
  CAF_CHECK_EQUAL(to_valid_utf8("\xF4\x90\x80\x80"), mark + mark + mark + mark);
  CAF_CHECK_EQUAL(to_valid_utf8("x\xE2\x82"), "x" + mark + mark);
}

CAF_TEST(a time is RFC 3339 in UTC) {
  CAF_CHECK_EQUAL(to_rfc3339(0), "1970-01-01T00:00:00.000Z");
  CAF_CHECK_EQUAL(to_rfc3339(-1), "1969-12-31T23:59:59.999Z");
  CAF_CHECK_EQUAL(to_rfc3339(951'782'400'000'999'999),
                  "2000-02-29T00:00:00.000Z");
}
