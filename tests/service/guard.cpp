#define CAF_SUITE guard
#include <caf/test/unit_test.hpp>

#include "service/api/guard.hpp"

using namespace switchboard::service::api;

namespace {

unsigned status_of(const guard& access, const sender& who) {
  auto refusal = access.refuse(who);
  return refusal ? refusal->status : 200;
}

guard with_tokens() {
  switchboard::admin_options options;
  options.tokens = {"first token", "second"};
  return guard{options};
}

sender with_token(std::string_view text) {
  sender who;
  who.authorization = text;
  return who;
}

sender from(std::string_view host) {
  sender who;
  who.host = host;
  return who;
}

sender from_page(std::string_view host, std::string_view origin) {
  auto who = from(host);
  who.origin = origin;
  return who;
}

} // namespace

CAF_TEST(any of the tokens lets in) {
  auto access = with_tokens();
  CAF_CHECK_EQUAL(status_of(access, with_token("Bearer first token")), 200u);
  CAF_CHECK_EQUAL(status_of(access, with_token("bearer  second")), 200u);
}

CAF_TEST(no token and a wrong token are refused with a challenge) {
  auto access = with_tokens();
  for (auto text : {"Bearer", "Bearer ", "Bearer secon", "Bearer second2",
                    "Bearer SECOND", "second", "Basic second", ""})
    CAF_CHECK_EQUAL(status_of(access, with_token(text)), 401u);
  auto refusal = access.refuse({});
  CAF_REQUIRE(refusal);
  CAF_CHECK_EQUAL(refusal->status, 401u);
  CAF_REQUIRE_EQUAL(refusal->headers.size(), 1u);
  CAF_CHECK_EQUAL(refusal->headers[0].first, "WWW-Authenticate");
  CAF_CHECK(refusal->body.find("SWITCHBOARD:UNAUTHENTICATED")
            != std::string::npos);
}

CAF_TEST(a refusal does not repeat the token) {
  auto refusal = with_tokens().refuse(with_token("Bearer hunter2"));
  CAF_REQUIRE(refusal);
  CAF_CHECK(refusal->body.find("hunter2") == std::string::npos);
}

CAF_TEST(without tokens localhost and addresses are let in) {
  guard access{switchboard::admin_options{}};
  for (auto host :
       {"localhost", "localhost:9080", "LOCALHOST:1", "api.localhost:9080",
        "127.0.0.1:9080", "[::1]:9080", "[::1]", "192.0.2.1"})
    CAF_CHECK_EQUAL(status_of(access, from(host)), 200u);
  CAF_CHECK_EQUAL(status_of(access, {}), 200u);
}

CAF_TEST(without tokens other names are refused) {
  guard access{switchboard::admin_options{}};
  for (auto host : {"example.org", "example.org:9080", "localhost.example.org",
                    "127.0.0.1.example.org", "notlocalhost", "", "["})
    CAF_CHECK_EQUAL(status_of(access, from(host)), 403u);
}

CAF_TEST(without tokens pages of another origin are refused) {
  guard access{switchboard::admin_options{}};
  CAF_CHECK_EQUAL(
      status_of(access, from_page("127.0.0.1:9080", "http://127.0.0.1:9080")),
      200u);
  for (auto origin :
       {"http://127.0.0.1:8080", "https://127.0.0.1:9080", "http://example.org",
        "null", "", "http://127.0.0.1:9080.example.org"})
    CAF_CHECK_EQUAL(status_of(access, from_page("127.0.0.1:9080", origin)),
                    403u);
}

CAF_TEST(a certificate stands in place of a token where it counts) {
  switchboard::admin_options options;
  switchboard::tls_options tls;
  tls.client_auth = switchboard::client_authentication::optional;
  tls.trust_store.path = "trust.pem";
  sender shown;
  shown.certified = true;
  shown.host = "admin.example:9080";
  sender none;
  none.host = "localhost:9080";
  guard alone{options, &tls};
  CAF_CHECK_EQUAL(status_of(alone, shown), 200u);
  CAF_CHECK_EQUAL(status_of(alone, none), 401u);
  // A browser shows its certificate whatever page asks.
  shown.origin = "https://evil.example";
  CAF_CHECK_EQUAL(status_of(alone, shown), 403u);
  shown.origin = "http://admin.example:9080";
  CAF_CHECK_EQUAL(status_of(alone, shown), 403u);
  shown.origin = "https://admin.example:9080";
  CAF_CHECK_EQUAL(status_of(alone, shown), 200u);

  options.tokens = {"secret"};
  guard both{options, &tls};
  CAF_CHECK_EQUAL(status_of(both, shown), 200u);
  CAF_CHECK_EQUAL(status_of(both, with_token("Bearer secret")), 200u);
  CAF_CHECK_EQUAL(status_of(both, none), 401u);

  // A certificate that anybody has vouches for nobody.
  for (auto insecure : {false, true}) {
    tls.trust_store.insecure = insecure;
    if (!insecure)
      tls.trust_store.path.clear();
    CAF_CHECK_EQUAL(status_of(guard{options, &tls}, shown), 401u);
    tls.trust_store.path = "trust.pem";
  }
}

CAF_TEST(a page of an encrypted API is of https) {
  switchboard::tls_options tls;
  guard access{{}, &tls};
  CAF_CHECK_EQUAL(
      status_of(access, from_page("localhost:1", "https://localhost:1")), 200u);
  CAF_CHECK_EQUAL(
      status_of(access, from_page("localhost:1", "http://localhost:1")), 403u);
}
