#define CAF_SUITE upgrade

#include "net/handshake.hpp"

#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

#include "wire_script.hpp"

using namespace std::string_literals;
using namespace switchboard::net;
using namespace wire_script;

namespace {

const auto sample_key = "dGhlIHNhbXBsZSBub25jZQ=="s;

http_request valid_request() {
  http_request result;
  result.method = "GET";
  result.target = "/chat";
  result.path = "/chat";
  result.version = "HTTP/1.1";
  result.headers = {{"Host", "example.org"},
                    {"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Key", sample_key},
                    {"Sec-WebSocket-Version", "13"}};
  return result;
}

/// Replaces, or with no value removes, a header.
http_request with(const std::string& name,
                  const std::optional<std::string>& value) {
  auto result = valid_request();
  std::erase_if(result.headers, [&](auto& it) { return it.first == name; });
  if (value)
    result.headers.emplace_back(name, *value);
  return result;
}

http_request with_more(const std::string& name, const std::string& value) {
  auto result = valid_request();
  result.headers.emplace_back(name, value);
  return result;
}

http_request with_line(const std::string& method, const std::string& target,
                       const std::string& version) {
  auto result = valid_request();
  result.method = method;
  result.target = target;
  result.version = version;
  return result;
}

unsigned judged(const http_request& request) {
  upgrade_terms terms;
  auto rejection = judge_upgrade(request, terms);
  return rejection ? rejection->status : 101;
}

} // namespace

CAF_TEST(an upgrade is judged by RFC 6455 4.2.1) {
  struct row {
    std::string what;
    http_request request;
    unsigned status;
  };
  std::vector<row> rows{
      {"valid", valid_request(), 101},
      {"names and tokens in any case",
       [] {
         auto request = with("Upgrade", std::nullopt);
         request.headers.emplace_back("UPGRADE", "WebSocket");
         return request;
       }(),
       101},
      {"Connection list", with("Connection", "keep-alive, Upgrade"), 101},
      {"Connection in two lines",
       [] {
         auto request = with("Connection", "keep-alive");
         request.headers.emplace_back("connection", "UPGRADE");
         return request;
       }(),
       101},
      {"Upgrade list", with("Upgrade", "h2c, websocket"), 101},
      {"Content-Length 0", with_more("Content-Length", "0"), 101},
      {"Host with port", with("Host", "[::1]:8080"), 101},
      {"version 13 behind blanks", with("Sec-WebSocket-Version", "13"), 101},
      {"subprotocols", with_more("Sec-WebSocket-Protocol", "a, b"), 101},

      {"no Upgrade", with("Upgrade", std::nullopt), 426},
      {"other Upgrade", with("Upgrade", "h2c"), 426},
      {"Upgrade only begins so", with("Upgrade", "websocket2"), 426},
      {"no Connection", with("Connection", std::nullopt), 426},
      {"Connection without upgrade", with("Connection", "keep-alive"), 426},
      {"Connection upgrades", with("Connection", "upgrades"), 426},
      {"POST", with_line("POST", "/", "HTTP/1.1"), 405},
      {"HEAD", with_line("HEAD", "/", "HTTP/1.1"), 405},
      {"get", with_line("get", "/", "HTTP/1.1"), 405},
      {"HTTP/1.0", with_line("GET", "/", "HTTP/1.0"), 400},
      {"absolute target", with_line("GET", "http://a/", "HTTP/1.1"), 400},
      {"asterisk target", with_line("GET", "*", "HTTP/1.1"), 400},
      {"no Host", with("Host", std::nullopt), 400},
      {"empty Host", with("Host", ""), 400},
      {"two Hosts", with_more("Host", "example.org"), 400},
      {"two Hosts in different case", with_more("HOST", "other"), 400},
      {"two Hosts in one line", with("Host", "a, b"), 400},
      {"Host with a path", with("Host", "a/b"), 400},
      {"Host with credentials", with("Host", "u@a"), 400},
      {"no version", with("Sec-WebSocket-Version", std::nullopt), 426},
      {"version 8", with("Sec-WebSocket-Version", "8"), 426},
      {"version 013", with("Sec-WebSocket-Version", "013"), 426},
      {"versions", with("Sec-WebSocket-Version", "13, 8"), 426},
      {"version twice", with_more("Sec-WebSocket-Version", "13"), 426},
      {"no key", with("Sec-WebSocket-Key", std::nullopt), 400},
      {"empty key", with("Sec-WebSocket-Key", ""), 400},
      {"short key", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ=="), 400},
      {"long key", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSB4"), 400},
      {"key of 17 bytes", with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAAA="),
       400},
      {"key not base64", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ!=="),
       400},
      {"key with inner padding",
       with("Sec-WebSocket-Key", "dGhlIHNhbX=sZSBub25jZQ=="), 400},
      {"key twice", with_more("Sec-WebSocket-Key", sample_key), 400},
      {"key twice in other case", with_more("sec-websocket-key", sample_key),
       400},
      {"body", with_more("Content-Length", "1"), 400},
      {"body, padded length", with_more("Content-Length", "0001"), 400},
      {"odd length", with_more("Content-Length", ""), 400},
      {"chunks", with_more("Transfer-Encoding", "chunked"), 400},
      {"identity encoding", with_more("Transfer-Encoding", "identity"), 400},
      {"empty subprotocol list", with_more("Sec-WebSocket-Protocol", ""), 400},
      {"empty subprotocol", with_more("Sec-WebSocket-Protocol", "a,,b"), 400},
      {"subprotocol with a blank", with_more("Sec-WebSocket-Protocol", "a b"),
       400},
      {"subprotocol not a token", with_more("Sec-WebSocket-Protocol", "a/b"),
       400},
      {"subprotocol twice", with_more("Sec-WebSocket-Protocol", "a, b, a"),
       400},
      {"subprotocol twice in two lines",
       [] {
         auto request = with_more("Sec-WebSocket-Protocol", "a");
         request.headers.emplace_back("Sec-WebSocket-Protocol", "a");
         return request;
       }(),
       400},
  };
  for (auto& [what, request, status] : rows)
    CAF_CHECK_EQUAL(what + " " + std::to_string(judged(request)),
                    what + " " + std::to_string(status));
}

CAF_TEST(the terms of a valid upgrade are handed out) {
  auto request = with_more("Sec-WebSocket-Protocol", "chat ,super");
  request.headers.emplace_back("sec-websocket-protocol", "third");
  request.headers.emplace_back("Sec-WebSocket-Extensions", "a; b");
  request.headers.emplace_back("Sec-WebSocket-Extensions", "c");
  upgrade_terms terms;
  terms.subprotocols = {"stale"};
  CAF_CHECK(!judge_upgrade(request, terms));
  CAF_CHECK_EQUAL(terms.key, sample_key);
  CAF_CHECK_EQUAL(terms.subprotocols,
                  (std::vector<std::string>{"chat", "super", "third"}));
  CAF_CHECK_EQUAL(terms.extensions, "a; b, c");
}

CAF_TEST(rejections say what would be right) {
  upgrade_terms terms;
  auto plain = judge_upgrade(with("Upgrade", std::nullopt), terms);
  CAF_REQUIRE(plain);
  header_list expected{{"Upgrade", "websocket"},
                       {"Connection", "Upgrade"},
                       {"Sec-WebSocket-Version", "13"}};
  CAF_CHECK(plain->headers == expected);
  auto version = judge_upgrade(with("Sec-WebSocket-Version", "8"), terms);
  CAF_REQUIRE(version);
  CAF_CHECK(version->headers == expected);
  auto method = judge_upgrade(with_line("PUT", "/", "HTTP/1.1"), terms);
  CAF_REQUIRE(method);
  CAF_CHECK(method->headers == (header_list{{"Allow", "GET"}}));
}

CAF_TEST(the accept key is that of RFC 6455 1.3) {
  CAF_CHECK_EQUAL(accept_key(sample_key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

CAF_TEST(the upgrade response is complete) {
  CAF_CHECK_EQUAL(render_upgrade_response(sample_key, "", ""),
                  "HTTP/1.1 101 Switching Protocols\r\n"
                  "Upgrade: websocket\r\n"
                  "Connection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                  "\r\n");
  CAF_CHECK_EQUAL(
      render_upgrade_response(sample_key, "chat", "permessage-deflate"),
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
      "Sec-WebSocket-Protocol: chat\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\n"
      "\r\n");
}

CAF_TEST(no text begins a header line of its own) {
  auto response = render_upgrade_response(sample_key, "a\r\nX: b", "c\r\nY: d");
  CAF_CHECK_EQUAL(response, render_upgrade_response(sample_key, "", ""));
  http_rejection rejection{400, "no", {}};
  auto clean = render_rejection(rejection);
  rejection.headers = {
      {"A", "b\r\nEvil: 1"},          {"C\r\nEvil", "2"}, {"D", "e\nEvil: 3"},
      {"Connection", "x\r\nEvil: 4"}, {"", "f"},          {"G", "h\0"s}};
  CAF_CHECK_EQUAL(render_rejection(rejection), clean);
}

CAF_TEST(a rejection is a complete response that ends the connection) {
  CAF_CHECK_EQUAL(render_rejection({403, "Not from there.", {}}),
                  "HTTP/1.1 403 Forbidden\r\n"
                  "Connection: close\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 16\r\n"
                  "X-Content-Type-Options: nosniff\r\n"
                  "\r\n"
                  "Not from there.\n");
  CAF_CHECK_EQUAL(render_rejection({404, "", {}}, true),
                  "HTTP/1.1 404 Not Found\r\n"
                  "Connection: close\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 0\r\n"
                  "X-Content-Type-Options: nosniff\r\n"
                  "\r\n");
  CAF_CHECK_EQUAL(
      render_rejection({426, "x", {{"Connection", "Upgrade"}, {"A", "b"}}},
                       true),
      "HTTP/1.1 426 Upgrade Required\r\n"
      "A: b\r\n"
      "Connection: Upgrade, close\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: 2\r\n"
      "X-Content-Type-Options: nosniff\r\n"
      "\r\n");
}

CAF_TEST(origins match their patterns) {
  struct row {
    std::string origin;
    std::vector<std::string> patterns;
    bool allowed;
  };
  std::vector<row> rows{
      {"https://a.org", {}, true},
      {"", {}, true},
      {"https://a.org", {"https://a.org"}, true},
      {"HTTPS://A.org", {"https://a.ORG"}, true},
      {"https://a.org", {"https://b.org", "https://a.org"}, true},
      {"https://a.org", {"*"}, true},
      {"null", {"*"}, true},
      {"", {"*"}, true},
      {"https://x.a.org", {"https://*.a.org"}, true},
      {"https://x.y.a.org", {"https://*.a.org"}, true},
      {"http://localhost:3000", {"http://localhost:*"}, true},
      {"https://x.a.org:8443", {"*://*.a.org:*"}, true},
      {"https://a.org.a.org", {"https://*.a.org"}, true},
      {"aXbXc", {"a*b*c"}, true},
      {"https://a.org", {"https://a.org*"}, true},
      {"https://a.org", {"**https://a.org**"}, true},
      {"https://a.org", {"https://b.org"}, false},
      {"https://a.org", {""}, false},
      {"", {"https://a.org"}, false},
      {"https://a.org.evil.com", {"https://a.org"}, false},
      {"https://a.org.evil.com", {"https://*.a.org"}, false},
      {"https://evila.org", {"https://*.a.org"}, false},
      {"https://a.org", {"https://*.a.org"}, false},
      {"http://a.org", {"https://a.org"}, false},
      {"https://a.org:444", {"https://a.org"}, false},
      {"null", {"https://*"}, false},
      {"aXbX", {"a*b*c"}, false},
      // Must not take for ever.
      {std::string(5000, 'a'), {"*a*a*a*a*a*a*a*a*a*a*b"}, false},
  };
  for (auto& [origin, patterns, allowed] : rows)
    CAF_CHECK_EQUAL(origin + (origin_allowed(origin, patterns) ? " y" : " n"),
                    origin + (allowed ? " y" : " n"));
}

CAF_TEST(our first subprotocol that was offered is chosen) {
  CAF_CHECK_EQUAL(choose_subprotocol({"a", "b"}, {"b", "a"}), "a");
  CAF_CHECK_EQUAL(choose_subprotocol({"a", "b"}, {"c", "b"}), "b");
  CAF_CHECK_EQUAL(choose_subprotocol({"a"}, {"A"}), "");
  CAF_CHECK_EQUAL(choose_subprotocol({"a"}, {}), "");
  CAF_CHECK_EQUAL(choose_subprotocol({}, {"a"}), "");
}

CAF_TEST(query parameters are read in order) {
  auto check = [](std::string_view query, const header_list& expected) {
    CAF_MESSAGE(std::string{query});
    CAF_CHECK(parse_query(query) == expected);
  };
  check("", {});
  check("&&", {});
  check("a=1&b=2&a=3", {{"a", "1"}, {"b", "2"}, {"a", "3"}});
  check("a", {{"a", ""}});
  check("a=", {{"a", ""}});
  check("=b", {{"", "b"}});
  check("a=b=c", {{"a", "b=c"}});
  check("a+b=c+d", {{"a b", "c d"}});
  check("a%2Bb=%26%3D", {{"a+b", "&="}});
  check("a=%C3%A4&b=%zz&c=%4", {{"a", "\xC3\xA4"}, {"b", "%zz"}, {"c", "%4"}});
  check("a=b?c/d", {{"a", "b?c/d"}});
}
