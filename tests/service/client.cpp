#define CAF_SUITE client
#include <caf/test/unit_test.hpp>

#include <sstream>

#include "service/client/arguments.hpp"
#include "service/client/endpoint.hpp"
#include "service/client/query.hpp"
#include "service/client/table.hpp"

using namespace switchboard::service::client;

CAF_TEST(an address of the management API is read) {
  std::string problem;
  auto plain = parse_endpoint("http://127.0.0.1:9080", problem);
  CAF_REQUIRE(plain);
  CAF_CHECK(!plain->secure);
  CAF_CHECK_EQUAL(plain->host, "127.0.0.1");
  CAF_CHECK_EQUAL(plain->port, "9080");
  CAF_CHECK_EQUAL(plain->prefix, "");
  CAF_CHECK_EQUAL(to_string(*plain), "http://127.0.0.1:9080");
  auto six = parse_endpoint("https://[::1]/behind/", problem);
  CAF_REQUIRE(six);
  CAF_CHECK(six->secure);
  CAF_CHECK_EQUAL(six->host, "::1");
  CAF_CHECK_EQUAL(six->port, "443");
  CAF_CHECK_EQUAL(six->prefix, "/behind");
  CAF_CHECK_EQUAL(six->authority, "[::1]");
}

CAF_TEST(an address that is none is refused without being quoted) {
  for (auto wrong : {"", "127.0.0.1:9080", "ftp://a", "http://", "http:///x",
                     "http://u:secret@a", "http://a?x", "http://a#x"}) {
    std::string problem;
    CAF_CHECK(!parse_endpoint(wrong, problem));
    CAF_CHECK(!problem.empty());
    CAF_CHECK(problem.find("secret") == std::string::npos);
  }
}

CAF_TEST(paths and queries are encoded) {
  target_builder aut{"/v1/sockets"};
  aut.segment("a/b ?").with("config", "").with("group", "x&y=\xC3\xA4");
  aut.with("path", "/*");
  CAF_CHECK_EQUAL(aut.text(),
                  "/v1/sockets/a%2Fb%20%3F?group=x%26y%3D%C3%A4&path=%2F%2A");
}

CAF_TEST(a table has columns and shows what would steer a terminal) {
  table aut{{"ID", "NAME"}};
  aut.add({"1", "h\xC3\xA4llo"});
  aut.add({"\x1B[31m", ""});
  std::ostringstream out;
  aut.print(out);
  CAF_CHECK_EQUAL(out.str(), "ID          NAME\n"
                             "1           h\xC3\xA4llo\n"
                             "\\u001b[31m  -\n");
}

CAF_TEST(the options of an opening become its body) {
  arguments given;
  given.socket_id = "s";
  given.groups = {"a", "b"};
  given.headers = {"X-One: 1", "X-One:2", "X-Two:a:b"};
  given.query_params = {"q=1=2"};
  given.reconnection = R"({"count": 3})";
  given.send_queue_limit = "64KiB";
  given.slow_consumer = "drop_oldest";
  std::string body;
  std::string problem;
  CAF_CHECK(make_opening(given, body, problem));
  CAF_CHECK_EQUAL(body, R"({"socket_id":"s","send_queue_limit":"64KiB",)"
                        R"("slow_consumer":"drop_oldest",)"
                        R"("default_groups":["a","b"],"headers":)"
                        R"({"X-One":["1","2"],"X-Two":"a:b"},"query_params":)"
                        R"({"q":"1=2"},"reconnection":{"count":3}})");
  given.headers = {"none"};
  CAF_CHECK(!make_opening(given, body, problem));
  CAF_CHECK_EQUAL(problem, "--header: expected NAME:VALUE");
}
