#define CAF_SUITE dial_target
#include <caf/test/unit_test.hpp>

#include <string>

#include "net/upgrade_request.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

struct made {
  std::optional<dial_target> target;
  header_list headers;
  std::string relative_path;
  std::string problem;

  /// `ws://host:port/path`, or the problem behind a `!`.
  std::string text() const {
    return target ? (target->secure ? "wss://" : "ws://")
                        + authority_of(*target, true) + target->request_uri
                  : "!" + problem;
  }
};

made make(const client_options& client, const outbound_options& call) {
  made result;
  result.target = make_dial_target(client, call, result.headers,
                                   result.relative_path, result.problem);
  return result;
}

client_options client_of(std::string base = "/") {
  client_options result;
  result.host = "h";
  result.port = 81;
  result.base_path = std::move(base);
  return result;
}

outbound_options call_of(std::string path) {
  outbound_options result;
  result.path = std::move(path);
  return result;
}

std::string with_url(std::string url) {
  outbound_options call;
  call.url = std::move(url);
  return make(client_of(), call).text();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST(host and port and paths come from the client settings) {
  CAF_CHECK_EQUAL(make({}, {}).text(), "ws://localhost:80/");
  client_options secure;
  secure.secure = true;
  CAF_CHECK_EQUAL(make(secure, {}).text(), "wss://localhost:443/");
  CAF_CHECK_EQUAL(make(client_of(), call_of("/x")).text(), "ws://h:81/x");
  auto below = make(client_of("/base"), call_of("/x/y?q=1"));
  CAF_CHECK_EQUAL(below.text(), "ws://h:81/base/x/y?q=1");
  CAF_CHECK_EQUAL(below.relative_path, "/x/y");
}

CAF_TEST(a url stands in place of host and port and paths) {
  CAF_CHECK_EQUAL(with_url("ws://other/p?q#"), "!the url of a WebSocket has no "
                                               "fragment");
  CAF_CHECK_EQUAL(with_url("ws://other/p?q=1"), "ws://other:80/p?q=1");
  CAF_CHECK_EQUAL(with_url("WSS://other"), "wss://other:443/");
  CAF_CHECK_EQUAL(with_url("ws://[::1]:90/"), "ws://[::1]:90/");
  for (auto wrong :
       {"http://other/", "//other/", "other", "ws:///x", "ws://:80",
        "ws://other:0/", "ws://other:99999/", "ws://a b/", "ws://a%0d%0ab/"})
    CAF_CHECK_EQUAL(with_url(wrong).substr(0, 1), "!");
  auto secret = with_url("ws://user:hidden@other/");
  CAF_CHECK(secret.starts_with("!"));
  CAF_CHECK(!contains(secret, "hidden"));
}

CAF_TEST(uri parameters are put in percent encoded) {
  auto call = call_of("/{room}/x?name={who}");
  call.uri_params = {{"room", "a b/c"}, {"who", "ü&="}};
  auto result = make(client_of(), call);
  CAF_CHECK_EQUAL(result.text(), "ws://h:81/a%20b%2Fc/x?name=%C3%BC%26%3D");
  call.path = "/{nobody}";
  CAF_CHECK(make(client_of(), call).text().starts_with("!"));
  call.path = "/{room";
  CAF_CHECK(make(client_of(), call).text().starts_with("!"));
  // What a parameter holds is no place holder.
  call.path = "/{room}";
  call.uri_params = {{"room", "{who}"}, {"who", "x"}};
  CAF_CHECK_EQUAL(make(client_of(), call).text(), "ws://h:81/%7Bwho%7D");
}

CAF_TEST(a call replaces defaults of the same name) {
  auto client = client_of();
  client.default_query_params = {{"a", "1"}, {"b", "2"}};
  client.default_headers = {{"X-A", "1"}, {"X-B", "2"}};
  auto call = call_of("/x");
  call.query_params = {{"b", "3"}, {"b", "4"}};
  call.headers = {{"x-b", "3"}};
  auto result = make(client, call);
  CAF_CHECK_EQUAL(result.text(), "ws://h:81/x?a=1&b=3&b=4");
  CAF_REQUIRE_EQUAL(result.headers.size(), 2u);
  CAF_CHECK_EQUAL(result.headers[0].first, "X-A");
  CAF_CHECK_EQUAL(result.headers[1].second, "3");
  call.path = "/x?";
  CAF_CHECK_EQUAL(make(client, call).text(), "ws://h:81/x?a=1&b=3&b=4");
}

CAF_TEST(headers that would break the handshake are refused) {
  for (auto name :
       {"Upgrade", "connection", "Sec-WebSocket-Key", "sec-websocket-version",
        "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Content-Length",
        "Transfer-Encoding", "a b", "", "x:"}) {
    auto call = call_of("/");
    call.headers = {{name, "v"}};
    CAF_CHECK(make(client_of(), call).text().starts_with("!"));
  }
  auto call = call_of("/");
  call.headers = {{"X", "a\r\nEvil: b"}};
  CAF_CHECK(make(client_of(), call).text().starts_with("!"));
  call.headers = {{"Host", "elsewhere"}};
  CAF_CHECK(make(client_of(), call).target.has_value());
}

CAF_TEST(a path that no request line holds is refused) {
  for (auto path : {"/a b", "/\x01", "/ü", "/a\r\nX: y"})
    CAF_CHECK(make(client_of(), call_of(path)).text().starts_with("!"));
  CAF_CHECK(make(client_of(), call_of("/" + std::string(9000, 'x')))
                .text()
                .starts_with("!"));
}

CAF_TEST(redirects are resolved and never lead from wss to ws) {
  struct row {
    const char* from;
    const char* location;
    const char* expected;
  };
  for (auto& row : std::initializer_list<row>{
           {"ws://h:81/a/b?q", "/c", "ws://h:81/c"},
           {"ws://h:81/a/b", "c?x=1", "ws://h:81/a/c?x=1"},
           {"ws://h:81/a/b", "../c", "ws://h:81/c"},
           {"ws://h:81/a", "http://k/x", "ws://k:80/x"},
           {"ws://h:81/a", "https://k/x", "wss://k:443/x"},
           {"ws://h:81/a", "ws://k:9", "ws://k:9/"},
           {"ws://h:81/a", "//k/x", "ws://k:80/x"},
           {"wss://h:443/a", "wss://k/x", "wss://k:443/x"},
           {"wss://h:443/a", "/x", "wss://h:443/x"},
           {"wss://h:443/a", "ws://h/x", "!"},
           {"wss://h:443/a", "http://h/x", "!"},
           {"ws://h:81/a", "ftp://h/x", "!"},
           {"ws://h:81/a", "", "!"},
           {"ws://h:81/a", "ws://u:p@h/", "!"},
           {"ws://h:81/a", "ws://h:0/", "!"},
           {"ws://h:81/a", "ws:// h/", "!"},
           {"ws://h:81/a", "ws://a%0d%0ab/", "!"},
           {"ws://h:81/a", "javascript:x", "!"},
       }) {
    CAF_MESSAGE(row.location);
    outbound_options call;
    call.url = row.from;
    auto from = make({}, call).target;
    CAF_REQUIRE(from.has_value());
    std::string problem;
    auto to = follow_redirect(*from, row.location, problem);
    made result{to, {}, {}, problem};
    CAF_CHECK_EQUAL(result.text().substr(0, to ? std::string::npos : 1),
                    row.expected);
  }
}
