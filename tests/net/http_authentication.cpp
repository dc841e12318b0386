#define CAF_SUITE http_authentication

#include "net/http_authentication.hpp"

#include <memory>
#include <string>

#include <caf/test/unit_test.hpp>

#include "net/base64.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

authentication_options options(authentication_scheme scheme,
                               bool preemptive = true) {
  authentication_options result;
  result.scheme = scheme;
  result.username = "Aladdin";
  result.password = "open sesame";
  result.preemptive = preemptive;
  return result;
}

authenticator peer(authentication_scheme scheme, bool preemptive = true,
                   std::shared_ptr<digest_memory> kept = nullptr) {
  return {options(scheme, preemptive), "example.com", 80, std::move(kept)};
}

proxy_options proxy() {
  proxy_options result;
  result.host = "proxy.example";
  result.port = 3128;
  result.username = "Aladdin";
  result.password = "open sesame";
  return result;
}

constexpr auto basic = authentication_scheme::basic;
constexpr auto digest = authentication_scheme::digest;

std::string text(const std::optional<std::string>& header) {
  return header ? *header : "none";
}

std::string first(authenticator& by) {
  return text(by.first_header("GET", "/chat"));
}

std::string answer(authenticator& by, const std::string& challenge) {
  return text(by.answer({{std::string{by.challenge_header()}, challenge}},
                        "GET", "/chat"));
}

std::string part(const std::string& header, const std::string& name) {
  auto begin = header.find(" " + name + "=");
  if (begin == header.npos)
    return "absent";
  begin += name.size() + 2;
  return header.substr(begin, header.find(", ", begin) - begin);
}

std::string nonce(const std::string& value, const std::string& rest = "") {
  return "Digest realm=\"r\", nonce=\"" + value + "\", qop=\"auth\"" + rest;
}

const std::string aladdin = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

} // namespace

CAF_TEST(the header fields are those of the peer or the proxy) {
  auto to_peer = peer(basic);
  CAF_CHECK_EQUAL(to_peer.status(), 401u);
  CAF_CHECK_EQUAL(std::string{to_peer.challenge_header()}, "WWW-Authenticate");
  CAF_CHECK_EQUAL(std::string{to_peer.credentials_header()}, "Authorization");
  authenticator to_proxy{proxy(), nullptr};
  CAF_CHECK_EQUAL(to_proxy.status(), 407u);
  CAF_CHECK_EQUAL(std::string{to_proxy.challenge_header()},
                  "Proxy-Authenticate");
  CAF_CHECK_EQUAL(std::string{to_proxy.credentials_header()},
                  "Proxy-Authorization");
}

CAF_TEST(preemptive Basic sends credentials at once and only once) {
  auto by = peer(basic);
  CAF_CHECK(!by.credentials_sent());
  CAF_CHECK_EQUAL(first(by), aladdin);
  CAF_CHECK(by.credentials_sent());
  CAF_CHECK(!by.needs_same_connection());
  CAF_CHECK_EQUAL(answer(by, "Basic realm=\"r\""), "none");
  CAF_CHECK_EQUAL(std::string{by.problem()},
                  "the peer refused the credentials");
  // Another place of the same origin.
  CAF_CHECK_EQUAL(first(by), aladdin);
  CAF_CHECK_EQUAL(std::string{by.problem()}, "");
}

CAF_TEST(other Basic waits to be asked) {
  auto by = peer(basic, false);
  CAF_CHECK_EQUAL(first(by), "none");
  CAF_CHECK(!by.credentials_sent());
  CAF_CHECK_EQUAL(answer(by, "NTLM, basic realm=\"r\", charset=\"UTF-8\""),
                  aladdin);
  CAF_CHECK(by.credentials_sent());
  CAF_CHECK_EQUAL(answer(by, "Basic realm=\"other\""), "none");
}

CAF_TEST(a peer that asks for something else gets nothing) {
  for (auto challenge : {"", "Negotiate", "Digest realm=\"r\", nonce=\"n\"",
                         "Basic realm=\"open"}) {
    auto by = peer(basic, false);
    first(by);
    CAF_CHECK_EQUAL(answer(by, challenge), "none");
    CAF_CHECK_EQUAL(std::string{by.problem()},
                    "the peer does not ask for Basic");
    CAF_CHECK(!by.credentials_sent());
  }
  auto by = peer(digest);
  first(by);
  CAF_CHECK_EQUAL(answer(by, "Basic realm=\"r\""), "none");
  CAF_CHECK_EQUAL(std::string{by.problem()},
                  "the peer asks for no Digest that can be answered");
}

CAF_TEST(Basic is UTF - 8 and refuses what it cannot carry) {
  auto with = options(basic);
  with.username = "test";
  with.password = "123\xc2\xa3";
  authenticator pound{with, "h", 80, nullptr};
  CAF_CHECK_EQUAL(first(pound), "Basic dGVzdDoxMjPCow==");
  with.username = "a:b";
  authenticator colon{with, "h", 80, nullptr};
  CAF_CHECK_EQUAL(first(colon), "none");
  CAF_CHECK_EQUAL(std::string{colon.problem()},
                  "the username holds a colon, which Basic cannot send");
  CAF_CHECK_EQUAL(answer(colon, "Basic realm=r"), "none");
  with.username = "test";
  with.password = "12\n3";
  authenticator control{with, "h", 80, nullptr};
  CAF_CHECK_EQUAL(first(control), "none");
  CAF_CHECK(control.problem().find("12") == std::string::npos);
}

CAF_TEST(Digest answers a challenge once) {
  auto by = peer(digest);
  CAF_CHECK_EQUAL(first(by), "none");
  auto header = answer(by, nonce("n1"));
  CAF_CHECK_EQUAL(part(header, "nonce"), "\"n1\"");
  CAF_CHECK_EQUAL(part(header, "nc"), "00000001");
  CAF_CHECK_EQUAL(part(header, "uri"), "\"/chat\"");
  CAF_CHECK(by.credentials_sent());
  CAF_CHECK(!by.needs_same_connection());
  CAF_CHECK_EQUAL(answer(by, nonce("n2")), "none");
  CAF_CHECK_EQUAL(std::string{by.problem()},
                  "the peer refused the credentials");
}

CAF_TEST(a stale nonce is answered again but not for ever) {
  auto by = peer(digest);
  first(by);
  std::string last = "none";
  int answers = 0;
  for (int i = 0; i < 100; ++i) {
    last = answer(by, nonce("n" + std::to_string(i), ", stale=true"));
    answers += last == "none" ? 0 : 1;
  }
  CAF_CHECK_EQUAL(answers, 4);
  CAF_CHECK_EQUAL(std::string{by.problem()},
                  "the peer finds every nonce too old");
  first(by);
  CAF_CHECK_EQUAL(part(answer(by, nonce("x", ", stale=true")), "nonce"),
                  "\"x\"");
  CAF_CHECK_EQUAL(answer(by, nonce("y")), "none");
}

CAF_TEST(a kept nonce is used at once by the next dial) {
  auto kept = std::make_shared<digest_memory>();
  auto one = peer(digest, true, kept);
  first(one);
  auto told = answer(one, nonce("n1"));
  auto two = peer(digest, true, kept);
  auto header = first(two);
  CAF_CHECK_EQUAL(part(header, "nonce"), "\"n1\"");
  CAF_CHECK_EQUAL(part(header, "nc"), "00000002");
  CAF_CHECK_EQUAL(part(header, "cnonce"), part(told, "cnonce"));
  CAF_CHECK(part(header, "response") != part(told, "response"));
  CAF_CHECK(two.credentials_sent());
  // The peer has forgotten it, and does not say stale.
  CAF_CHECK_EQUAL(part(answer(two, nonce("n2")), "nc"), "00000001");
  CAF_CHECK_EQUAL(answer(two, nonce("n3")), "none");
  // The refused nonce is forgotten.
  auto three = peer(digest, true, kept);
  CAF_CHECK_EQUAL(first(three), "none");
}

CAF_TEST(a kept nonce that is asked for again is refused) {
  auto kept = std::make_shared<digest_memory>();
  auto one = peer(digest, true, kept);
  first(one);
  answer(one, nonce("n1"));
  auto two = peer(digest, true, kept);
  CAF_CHECK(first(two) != "none");
  CAF_CHECK_EQUAL(answer(two, nonce("n1")), "none");
  CAF_CHECK_EQUAL(std::string{two.problem()},
                  "the peer refused the credentials");
}

CAF_TEST(a kept nonce is for its own peer and for those who ask for none) {
  auto kept = std::make_shared<digest_memory>();
  auto one = peer(digest, true, kept);
  first(one);
  answer(one, nonce("n1"));
  authenticator upper{options(digest), "EXAMPLE.com", 80, kept};
  CAF_CHECK(first(upper) != "none");
  authenticator other_port{options(digest), "example.com", 81, kept};
  CAF_CHECK_EQUAL(first(other_port), "none");
  authenticator other_host{options(digest), "example.org", 80, kept};
  CAF_CHECK_EQUAL(first(other_host), "none");
  auto as_proxy = proxy();
  as_proxy.host = "example.com";
  as_proxy.port = 80;
  authenticator to_proxy{as_proxy, kept};
  CAF_CHECK_EQUAL(first(to_proxy), "none");
  authenticator patient{options(digest, false), "example.com", 80, kept};
  CAF_CHECK_EQUAL(first(patient), "none");
}

CAF_TEST(a proxy gets Digest before Basic) {
  authenticator both{proxy(), nullptr};
  CAF_CHECK_EQUAL(text(both.first_header("CONNECT", "h:80")), "none");
  CAF_CHECK_EQUAL(answer(both, "Basic realm=\"r\", " + nonce("n")).substr(0, 6),
                  "Digest");
  authenticator weak{proxy(), nullptr};
  CAF_CHECK_EQUAL(answer(weak, "NTLM, Basic realm=\"r\""), aladdin);
  CAF_CHECK_EQUAL(answer(weak, "NTLM, Basic realm=\"r\""), "none");
  CAF_CHECK_EQUAL(std::string{weak.problem()},
                  "the proxy refused the credentials");
  authenticator neither{proxy(), nullptr};
  CAF_CHECK_EQUAL(answer(neither, "NTLM"), "none");
  CAF_CHECK_EQUAL(std::string{neither.problem()},
                  "the proxy asks for neither Digest nor Basic");
}

CAF_TEST(a proxy without credentials refuses each challenge) {
  auto bare = proxy();
  bare.username.clear();
  bare.password.clear();
  authenticator by{bare, nullptr};
  CAF_CHECK_EQUAL(first(by), "none");
  CAF_CHECK_EQUAL(answer(by, "Basic realm=\"r\""), "none");
  CAF_CHECK_EQUAL(std::string{by.problem()},
                  "no credentials are configured for the proxy");
  CAF_CHECK(!by.credentials_sent());
}

CAF_TEST(base64 is read as strictly as it is written) {
  for (auto bytes : {"", "a", "ab", "abc", "abcd"})
    CAF_CHECK_EQUAL(text(from_base64(to_base64(bytes))), bytes);
  CAF_CHECK_EQUAL(to_base64("ab"), "YWI=");
  for (auto wrong : {"YWI", "YWI=\n", " YWI=", "YW=I",
                     "YWJ=", "====", "Y===", "YWI=YWI=", "\x80\x80\x80\x80"})
    CAF_CHECK_EQUAL(wrong + text(from_base64(wrong)),
                    wrong + std::string{"none"});
}
