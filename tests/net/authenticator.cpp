#define CAF_SUITE authenticator
#include <caf/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <string>

#include <poll.h>
#include <unistd.h>

#include "net/authentication_source.hpp"
#include "net/authenticator.hpp"
#include "tests/net/jwt_signer.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

const std::string shared(32, 's');

/// A file that is gone with the test.
struct scratch_file {
  scratch_file() {
    path = "/tmp/switchboard-authenticator-" + std::to_string(::getpid());
  }

  ~scratch_file() {
    ::unlink(path.c_str());
  }

  void write(std::string_view text) const {
    std::ofstream{path} << text;
  }

  std::string path;
};

jwt_authentication by_secret() {
  jwt_authentication result;
  result.secret = shared;
  result.realm = "the \"inner\" circle";
  return result;
}

std::string token(std::string_view claims) {
  return jwt_signer::token(shared, R"({"alg":"HS256"})", claims);
}

http_request with(const std::string& authorization) {
  http_request result;
  result.target = result.path = "/";
  if (!authorization.empty())
    result.headers.emplace_back("Authorization", authorization);
  return result;
}

std::shared_ptr<const authenticator> make(const listener_authentication& how) {
  std::string problem;
  auto result = authenticator::make(how, problem);
  CAF_REQUIRE_EQUAL(problem, "");
  CAF_REQUIRE(result != nullptr);
  return result;
}

admission_check ask(const authenticator& whom, const std::string& header) {
  auto request = with(header);
  auto result = whom.check(request, authenticator::clock::now(), std::nullopt);
  CAF_CHECK(request.headers.empty());
  return result;
}

std::string answer_of(const admission_check& check) {
  if (!check.rejection)
    return "in";
  auto result = std::to_string(check.rejection->status);
  for (auto& [name, value] : check.rejection->headers)
    result += " " + name + ": " + value;
  return result;
}

std::string problem_of(const listener_authentication& how) {
  std::string problem;
  CAF_CHECK(authenticator::make(how, problem) == nullptr);
  return problem;
}

} // namespace

CAF_TEST(a token tells who somebody is) {
  auto options = by_secret();
  options.groups_claim = "groups";
  auto whom = make(options);
  auto check = ask(*whom, "Bearer "
                              + token(R"({"sub":"ann","exp":4000000000,)"
                                      R"("groups":["a","b","a"],"x":[1]})"));
  CAF_REQUIRE(!check.rejection);
  CAF_REQUIRE(check.who != nullptr);
  CAF_CHECK_EQUAL(check.cause, "");
  CAF_CHECK_EQUAL(check.who->user, "ann");
  CAF_CHECK_EQUAL(check.who->groups, (std::vector<std::string>{"a", "b"}));
  CAF_CHECK_EQUAL(check.who->claims, R"({"sub":"ann","exp":4000000000,)"
                                     R"("groups":["a","b","a"],"x":[1]})");
  CAF_REQUIRE(check.who->expires.has_value());
  CAF_CHECK(
      *check.who->expires
      == authenticator::clock::time_point{std::chrono::seconds{4'000'000'030}});
  // One without a subject is nobody in particular.
  auto nobody = ask(*whom, "Bearer " + token(R"({"exp":4000000000})"));
  CAF_REQUIRE(nobody.who != nullptr);
  CAF_CHECK_EQUAL(nobody.who->user, "");
  CAF_CHECK(nobody.who->groups.empty());
}

CAF_TEST(challenges tell what is wrong) {
  auto options = by_secret();
  options.required = {{"role", "staff"}};
  options.groups_claim = "groups";
  auto whom = make(options);
  const std::string realm =
      R"( WWW-Authenticate: Bearer realm="the \"inner\" circle")";
  auto good = R"({"exp":4000000000,"role":"staff"})";
  CAF_CHECK_EQUAL(answer_of(ask(*whom, "Bearer " + token(good))), "in");
  CAF_CHECK_EQUAL(answer_of(ask(*whom, "")), "401" + realm);
  CAF_CHECK_EQUAL(answer_of(ask(*whom, "Basic YTpi")), "401" + realm);
  CAF_CHECK_EQUAL(answer_of(ask(*whom, "Bearer x")),
                  "401" + realm + R"(, error="invalid_token")");
  CAF_CHECK_EQUAL(ask(*whom, "").cause, "");
  CAF_CHECK_EQUAL(ask(*whom, "Bearer x").cause,
                  "the token is no JSON Web Token");
  for (auto claims :
       {R"({"exp":4000000000})", R"({"exp":4000000000,"role":"user"})",
        R"({"exp":4000000000,"role":["user"]})",
        R"({"exp":4000000000,"role":"staffers"})",
        R"({"exp":4000000000,"role":{"staff":1}})",
        R"({"exp":4000000000,"role":"staff","groups":[""]})",
        R"({"exp":4000000000,"role":"staff","groups":[1]})",
        R"({"exp":4000000000,"role":"staff","groups":{}})"})
    CAF_CHECK_EQUAL(answer_of(ask(*whom, "Bearer " + token(claims))),
                    "403" + realm + R"(, error="insufficient_scope")");
  for (auto claims : {R"({"exp":4000000000,"role":["user","staff"]})",
                      R"({"exp":4000000000,"role":"user staff"})",
                      R"({"exp":4000000000,"role":"staff","groups":"a"})",
                      R"({"exp":4000000000,"role":"staff","groups":[]})"})
    CAF_CHECK_EQUAL(answer_of(ask(*whom, "Bearer " + token(claims))), "in");
}

CAF_TEST(a token in place of another is judged alike) {
  auto whom = make(by_secret());
  std::string problem;
  auto now = authenticator::clock::now();
  auto found =
      whom->check_token(token(R"({"sub":"a","exp":4000000000})"), now, problem);
  CAF_REQUIRE(found != nullptr);
  CAF_CHECK_EQUAL(found->user, "a");
  CAF_CHECK(whom->check_token(token(R"({"sub":"a","exp":1})"), now, problem)
            == nullptr);
  CAF_CHECK_EQUAL(problem, "has expired");
  for (auto subject : {"5", "null", "[\"a\"]", "{}", "true"}) {
    auto claims = R"({"exp":4000000000,"sub":)" + std::string{subject} + '}';
    CAF_CHECK(whom->check_token(token(claims), now, problem) == nullptr);
    CAF_CHECK_EQUAL(problem, "has a subject that is no text");
  }
}

CAF_TEST(a name and a password are waited for) {
  scratch_file file;
  // `open sesame`, by htpasswd -B -C 4.
  file.write("ann:$2y$04$m8hjLU.51NPlJ23EJLU5veysdrW5IHpPLjuQy5L.ODIqOlspoEvy2"
             "\n");
  auto whom = make(basic_authentication{file.path, "r"});
  auto realm =
      std::string{"401 WWW-Authenticate: Basic realm=\"r\", charset=\"UTF-8\""};
  CAF_CHECK_EQUAL(answer_of(ask(*whom, "")), realm);
  for (auto broken : {"Basic", "Basic !", "Basic YW5u", "Basic YTr/"})
    CAF_CHECK_EQUAL(ask(*whom, broken).cause, "the credentials cannot be read");
  auto check = ask(*whom, "Basic " + to_base64("ann:wrong"));
  CAF_REQUIRE(check.pending != nullptr);
  CAF_CHECK_EQUAL(answer_of(check), realm);
  pollfd event{check.pending->fd(), POLLIN, 0};
  CAF_REQUIRE_EQUAL(::poll(&event, 1, 10'000), 1);
  CAF_CHECK_EQUAL(check.pending->get().value_or(""), "wrong");
  CAF_CHECK_EQUAL(check.who->user, "ann");
  // It is remembered.
  auto again = ask(*whom, "Basic " + to_base64("ann:wrong"));
  CAF_CHECK(again.pending == nullptr);
  CAF_CHECK_EQUAL(answer_of(again), realm);
  std::string problem;
  CAF_CHECK(whom->check_token("x", authenticator::clock::now(), problem)
            == nullptr);
  CAF_CHECK_NOT_EQUAL(problem, "");
}

CAF_TEST(what cannot be read is told without its content) {
  scratch_file file;
  jwt_authentication keys;
  keys.key_file = file.path;
  CAF_CHECK(problem_of(keys).starts_with("key file " + file.path + ": "));
  file.write("top secret");
  CAF_CHECK_EQUAL(problem_of(keys),
                  "key file " + file.path + ": it holds no public key in PEM");
  jwt_authentication set;
  set.jwks_file = file.path;
  CAF_CHECK(problem_of(set).find("is no set of keys") != std::string::npos);
  CAF_CHECK(problem_of(basic_authentication{file.path, "r"})
                .find("line 1 is no NAME:HASH")
            != std::string::npos);
  CAF_CHECK_EQUAL(problem_of(jwt_authentication{}), "no keys are named");
  auto other = by_secret();
  other.algorithms = {"RS256"};
  CAF_CHECK_EQUAL(problem_of(other),
                  "none of the keys is for the algorithm RS256");
  auto brief = by_secret();
  brief.secret = "short";
  CAF_CHECK_EQUAL(problem_of(brief), "a secret is shorter than 32 bytes");
}

CAF_TEST(a source keeps what is in force where a file is broken) {
  scratch_file file;
  jwt_signer::key_ptr first{EVP_EC_gen("P-256")};
  jwt_signer::key_ptr second{EVP_EC_gen("P-256")};
  auto by = [](const jwt_signer::key_ptr& key) {
    return "Bearer "
           + jwt_signer::token(key.get(), R"({"alg":"ES256"})",
                               R"({"exp":4000000000})");
  };
  jwt_authentication options;
  options.key_file = file.path;
  std::string problem;
  CAF_CHECK(authentication_source::make(options, problem) == nullptr);
  file.write(jwt_signer::public_pem(first.get()));
  problem.clear();
  auto source = authentication_source::make(options, problem);
  CAF_REQUIRE(source != nullptr);
  CAF_CHECK(source->stamps() == source->stamps_read());
  CAF_CHECK_EQUAL(answer_of(ask(*source->current(), by(first))), "in");
  file.write("nonsense that is longer than before");
  CAF_CHECK(source->stamps() != source->stamps_read());
  CAF_CHECK(!source->renew(problem));
  CAF_CHECK(source->stamps() == source->stamps_read());
  CAF_CHECK_EQUAL(answer_of(ask(*source->current(), by(first))), "in");
  file.write(jwt_signer::public_pem(second.get()));
  problem.clear();
  CAF_CHECK(source->renew(problem));
  CAF_CHECK_EQUAL(problem, "");
  CAF_CHECK_EQUAL(answer_of(ask(*source->current(), by(second))), "in");
  CAF_CHECK_NOT_EQUAL(answer_of(ask(*source->current(), by(first))), "in");
}
