#define CAF_SUITE jwt_check
#include <caf/test/unit_test.hpp>

#include <string>

#include <boost/json/serialize.hpp>
#include <openssl/rsa.h>

#include "net/jwt_check.hpp"
#include "tests/net/jwt_signer.hpp"

using namespace switchboard::net;
using namespace jwt_signer;
using namespace std::chrono_literals;

namespace {

const std::string shared(32, 's');

struct fixture {
  fixture() : rsa{EVP_RSA_gen(2048)}, curve{EVP_EC_gen("P-256")} {
    std::string problem;
    rules.keys =
        read_pem_keys(public_pem(rsa.get()) + public_pem(curve.get()), problem);
    rules.keys.push_back(std::move(*make_shared_key(shared, problem)));
    CAF_REQUIRE_EQUAL(problem, "");
  }

  std::string judge(const std::string& token) {
    return check_jwt(token, rules, now).problem;
  }

  std::string judge_claims(const std::string& claims) {
    return judge(jwt_signer::token(rsa.get(), rs256, claims));
  }

  const std::string rs256 = R"({"alg":"RS256","typ":"JWT"})";
  const std::string good = R"({"sub":"ann","exp":2000000000,"groups":["a"]})";
  jwt_clock::time_point now{1'900'000'000s};
  key_ptr rsa;
  key_ptr curve;
  jwt_rules rules;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(jwt_check_tests, fixture)

CAF_TEST(a good token gives its claims) {
  for (auto& token :
       {jwt_signer::token(rsa.get(), rs256, good),
        jwt_signer::token(curve.get(), R"({"alg":"ES256"})", good),
        jwt_signer::token(shared, R"({"alg":"HS256"})", good)}) {
    auto verdict = check_jwt(token, rules, now);
    CAF_CHECK_EQUAL(verdict.problem, "");
    CAF_CHECK_EQUAL(boost::json::serialize(verdict.claims), good);
    CAF_REQUIRE(verdict.expires.has_value());
    CAF_CHECK(*verdict.expires == jwt_clock::time_point{2'000'000'030s});
  }
}

CAF_TEST(forged tokens are refused) {
  key_ptr other{EVP_RSA_gen(2048)};
  auto token = jwt_signer::token(rsa.get(), rs256, good);
  auto cut = token.substr(0, token.rfind('.'));
  auto signature = token.substr(token.rfind('.') + 1);
  auto changed = unsigned_part(rs256, R"({"sub":"eve","exp":2000000000})");
  const struct {
    std::string token;
    const char* problem;
  } rows[] = {
      {jwt_signer::token(other.get(), rs256, good), "has a wrong signature"},
      {changed + '.' + signature, "has a wrong signature"},
      {cut + '.' + base64url(std::string(256, 'x')), "has a wrong signature"},
      {cut + '.', "is no JSON Web Token"},
      {cut, "is no JSON Web Token"},
      {token + ".x", "is no JSON Web Token"},
      {token + "=", "is no JSON Web Token"},
      {"", "is no JSON Web Token"},
      {"..", "is no JSON Web Token"},
      {"a.b.c", "is no JSON Web Token"},
      {std::string(9000, 'a'), "is too long"},
      // Not signed at all (RFC 8725 §2.1).
      {unsigned_part(R"({"alg":"none"})", good) + ".", "is no JSON Web Token"},
      {unsigned_part(R"({"alg":"none"})", good) + '.' + signature,
       "is signed in a way that is not taken"},
      {unsigned_part(R"({"alg":"None"})", good) + '.' + signature,
       "is signed in a way that is not taken"},
      // A public key taken for a secret (RFC 8725 §2.1).
      {jwt_signer::token(public_pem(rsa.get()), R"({"alg":"HS256"})", good),
       "has a wrong signature"},
      // A signature of another kind of key.
      {unsigned_part(R"({"alg":"ES256"})", good) + '.' + signature,
       "has a wrong signature"},
      {jwt_signer::token(rsa.get(), R"({"alg":"RS384"})", good),
       "is signed in a way that is not taken"},
      {jwt_signer::token(rsa.get(), R"({"alg":5})", good),
       "is signed in a way that is not taken"},
      {jwt_signer::token(rsa.get(), R"({"typ":"JWT"})", good),
       "is signed in a way that is not taken"},
      {jwt_signer::token(rsa.get(), R"({"alg":"RS256","crit":["b64"]})", good),
       "asks for an extension that is not known"},
      {jwt_signer::token(rsa.get(), R"({"alg":"RS256","kid":5})", good),
       "is no JSON Web Token"},
      {jwt_signer::token(rsa.get(), R"(["RS256"])", good),
       "is no JSON Web Token"},
      {jwt_signer::token(rsa.get(), rs256, "[]"),
       "has claims that are no JSON object"},
      {jwt_signer::token(rsa.get(), rs256, "nonsense"),
       "has claims that are no JSON object"},
  };
  for (auto& [forged, problem] : rows) {
    auto verdict = check_jwt(forged, rules, now);
    CAF_CHECK_EQUAL(verdict.problem, problem);
    CAF_CHECK(verdict.claims.empty());
    CAF_CHECK(!verdict.expires);
  }
}

CAF_TEST(the way of signing may be narrowed) {
  rules.algorithms = {jwt_algorithm::es256};
  CAF_CHECK_EQUAL(judge(jwt_signer::token(rsa.get(), rs256, good)),
                  "is signed in a way that is not taken");
  CAF_CHECK_EQUAL(
      judge(jwt_signer::token(curve.get(), R"({"alg":"ES256"})", good)), "");
}

CAF_TEST(a key is chosen by its id) {
  rules.keys[0].id = "first";
  auto with_id = [&](const char* id) {
    return judge(jwt_signer::token(
        rsa.get(), R"({"alg":"RS256","kid":")" + std::string{id} + "\"}",
        good));
  };
  CAF_CHECK_EQUAL(with_id("first"), "");
  CAF_CHECK_EQUAL(with_id("second"), "is signed with a key that is not known");
  // Without an id every key of that kind is tried.
  CAF_CHECK_EQUAL(judge(jwt_signer::token(rsa.get(), rs256, good)), "");
  rules.keys.clear();
  CAF_CHECK_EQUAL(judge(jwt_signer::token(rsa.get(), rs256, good)),
                  "is signed with a key that is not known");
}

CAF_TEST(times count with a skew) {
  const struct {
    const char* claims;
    const char* problem;
  } rows[] = {
      {R"({"exp":1900000001})", ""},
      {R"({"exp":1900000000})", ""},
      {R"({"exp":1899999971})", ""},
      {R"({"exp":1899999970})", "has expired"},
      {R"({"exp":1899999970.9})", "has expired"},
      {R"({"exp":0})", "has expired"},
      {R"({"exp":-1})", "has a time that is none"},
      {R"({"exp":1e300})", "has a time that is none"},
      {R"({"exp":"2000000000"})", "has a time that is none"},
      {R"({"exp":null})", "has a time that is none"},
      {R"({})", "never expires"},
      {R"({"exp":2000000000,"nbf":1900000030})", ""},
      {R"({"exp":2000000000,"nbf":1900000031})", "is not valid yet"},
      {R"({"exp":2000000000,"nbf":{}})", "has a time that is none"},
  };
  for (auto& [claims, problem] : rows)
    CAF_CHECK_EQUAL(judge_claims(claims), problem);
  rules.needs_expiry = false;
  CAF_CHECK_EQUAL(judge_claims("{}"), "");
  rules.clock_skew = 0s;
  CAF_CHECK_EQUAL(judge_claims(R"({"exp":1900000000})"), "has expired");
}

CAF_TEST(issuer and audience have to fit) {
  rules.needs_expiry = false;
  rules.issuer = "https://id.example";
  rules.audience = {"chat", "feed"};
  const struct {
    const char* claims;
    const char* problem;
  } rows[] = {
      {R"({"iss":"https://id.example","aud":"chat"})", ""},
      {R"({"iss":"https://id.example","aud":["x","feed"]})", ""},
      {R"({"iss":"https://id.example","aud":["x"]})",
       "is for another audience"},
      {R"({"iss":"https://id.example","aud":[]})", "is for another audience"},
      {R"({"iss":"https://id.example","aud":[["chat"]]})",
       "is for another audience"},
      {R"({"iss":"https://id.example","aud":5})", "is for another audience"},
      {R"({"iss":"https://id.example","aud":"chat2"})",
       "is for another audience"},
      {R"({"iss":"https://id.example"})", "is for another audience"},
      {R"({"iss":"https://id.example/","aud":"chat"})",
       "is from another issuer"},
      {R"({"iss":["https://id.example"],"aud":"chat"})",
       "is from another issuer"},
      {R"({"aud":"chat"})", "is from another issuer"},
  };
  for (auto& [claims, problem] : rows)
    CAF_CHECK_EQUAL(judge_claims(claims), problem);
}

CAF_TEST_FIXTURE_SCOPE_END()
