#define CAF_SUITE jwt_check
#include <caf/test/unit_test.hpp>

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/rsa.h>

#include "net/jwt_check.hpp"
#include "tests/net/jwt_signer.hpp"

using namespace switchboard::net;
using namespace jwt_signer;
using namespace std::chrono_literals;

namespace {

const std::string shared(32, 's');

/// The same signature as other software has it.
std::string as_der(std::string_view raw) {
  auto bytes = reinterpret_cast<const unsigned char*>(raw.data());
  openssl_ptr<ECDSA_SIG, ECDSA_SIG_free> both{ECDSA_SIG_new()};
  ECDSA_SIG_set0(both.get(), BN_bin2bn(bytes, 32, nullptr),
                 BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* out = nullptr;
  auto size = i2d_ECDSA_SIG(both.get(), &out);
  std::string result{reinterpret_cast<char*>(out),
                     static_cast<std::size_t>(size)};
  OPENSSL_free(out);
  return result;
}

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

CAF_TEST(signatures of two numbers are of the one form) {
  auto signed_text = unsigned_part(R"({"alg":"ES256"})", good);
  auto whole = sign(curve.get(), signed_text);
  CAF_REQUIRE_EQUAL(whole.size(), 64u);
  CAF_CHECK_EQUAL(judge(signed_text + '.' + base64url(whole)), "");
  auto r = whole.substr(0, 32);
  auto s = whole.substr(32);
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xff');
  for (auto& forged : {zeros + zeros, r + zeros, zeros + s, ones + ones,
                       r + ones, s + r, '\0' + r + '\0' + s, r + s + '\0', r,
                       r + s.substr(1), r + s + r + s, as_der(whole)})
    CAF_CHECK_EQUAL(judge(signed_text + '.' + base64url(forged)),
                    "has a wrong signature");
}

CAF_TEST(parts have one spelling only) {
  auto token = jwt_signer::token(shared, R"({"alg":"HS256"})", good);
  CAF_CHECK_EQUAL(judge(token), "");
  // 32 bytes end in four bits that count for nothing.
  auto last = token.back();
  const std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
      "tuvwxyz0123456789-_";
  for (auto digit : digits) {
    token.back() = digit;
    CAF_CHECK_EQUAL(judge(token), digit == last ? ""
                                  : (digits.find(digit) & 3) == 0
                                      ? "has a wrong signature"
                                      : "is no JSON Web Token");
  }
  token.back() = last;
  for (auto around : {" ", "\n", "\r\n", "\t", "=", "-", "\0"}) {
    CAF_CHECK_NOT_EQUAL(judge(token + std::string(around, 1)), "");
    CAF_CHECK_NOT_EQUAL(judge(std::string(around, 1) + token), "");
    auto inside = token;
    inside.insert(token.find('.'), around, 1);
    CAF_CHECK_NOT_EQUAL(judge(inside), "");
  }
}

CAF_TEST(claims are no deeper than they may be) {
  auto nested = [&](std::size_t depth) {
    return judge_claims(R"({"exp":2000000000,"x":)" + std::string(depth, '[')
                        + std::string(depth, ']') + '}');
  };
  CAF_CHECK_EQUAL(nested(20), "");
  CAF_CHECK_EQUAL(nested(1000), "has claims that are no JSON object");
  for (auto text : {"{\"exp\":2000000000}x", "{\"exp\":2000000000",
                    "{\"exp\":2000000000,\"s\":\"\xff\"}",
                    "{\"exp\":2000000000,\"s\":\"\n\"}",
                    R"({"exp":2000000000,"s":"\ud800"})"})
    CAF_CHECK_EQUAL(judge_claims(text), "has claims that are no JSON object");
}

CAF_TEST(claims can be read again) {
  for (auto number : {"1e309", "-1e309", "20001e4000", "1e99999"})
    for (auto around : {"%", "[%]", "{\"a\":[1,{\"b\":%}]}"}) {
      std::string text{around};
      text.replace(text.find('%'), 1, number);
      CAF_CHECK_NOT_EQUAL(
          judge_claims(R"({"exp":2000000000,"x":)" + text + '}'), "");
    }
  auto verdict = check_jwt(
      jwt_signer::token(rsa.get(), rs256,
                        R"({"exp":2000000000,"x":[1.7e308,-5e-324,1e-400]})"),
      rules, now);
  CAF_CHECK_EQUAL(verdict.problem, "");
  boost::system::error_code wrong;
  auto again =
      boost::json::parse(boost::json::serialize(verdict.claims), wrong);
  CAF_CHECK(!wrong && again.is_object());
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
      // Beyond what the clock can count to, the year 2262.
      {R"({"exp":9223372036})", ""},
      {R"({"exp":9223372037})", ""},
      {R"({"exp":10000000000})", ""},
      {R"({"exp":253402300799})", ""},
      {R"({"exp":253402300800})", "has a time that is none"},
      {R"({"exp":253402300799,"nbf":9223372036})", "is not valid yet"},
      {R"({"exp":253402300799,"nbf":10000000000})", "is not valid yet"},
      {R"({"exp":253402300799,"nbf":253402300799})", "is not valid yet"},
      {R"({"exp":-0.0})", "has expired"},
      {R"({"exp":1e-400})", "has expired"},
      {R"({"exp":1e400})", "has a time that is none"},
      {R"({"exp":18446744073709551615})", "has a time that is none"},
      {R"({"exp":99999999999999999999999999})", "has a time that is none"},
      {R"({"exp":-9223372036854775808})", "has a time that is none"},
      {R"({"exp":true})", "has a time that is none"},
      {R"({"exp":[2000000000]})", "has a time that is none"},
      {R"({"exp":NaN})", "has claims that are no JSON object"},
      {R"({"exp":Infinity})", "has claims that are no JSON object"},
      // The last one counts.
      {R"({"exp":2000000000,"exp":1})", "has expired"},
      {R"({"exp":1,"exp":2000000000})", ""},
      {R"({"exp":1,"\u0065xp":2000000000})", ""},
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
