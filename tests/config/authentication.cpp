#define CAF_SUITE config.authentication

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

const std::string header = R"([http_listener.main]
host = "127.0.0.1"
port = 8080
[websocket.chat.server]
listener = "main"
[http_listener.main.authentication]
)";

const auto jwt = header + "type = \"jwt\"\n";

const auto with_keys = jwt + "key_file = \"keys.pem\"\n";

const auto basic = header + R"(type = "basic"
password_file = "passwords"
)";

listener_authentication read(std::string_view head,
                             std::string_view rest = "") {
  auto options = good(std::string{head} + std::string{rest})
                     .switchboard.listeners.at(0)
                     .authentication;
  CAF_REQUIRE(options.has_value());
  return *options;
}

} // namespace

CAF_TEST(a listener asks nobody by default) {
  CAF_CHECK(!good(small_file).switchboard.listeners.at(0).authentication);
}

CAF_TEST(tokens have the defaults of the documentation) {
  auto options = std::get<jwt_authentication>(read(with_keys));
  jwt_authentication expected;
  expected.key_file = "/etc/switchboard/keys.pem";
  CAF_CHECK(options == expected);
  CAF_CHECK(options.token_from
            == std::vector<token_place>{token_place::header});
  CAF_CHECK(options.clock_skew == std::chrono::seconds{30});
  CAF_CHECK(options.require_expiry);
  CAF_CHECK_EQUAL(options.cookie, "access_token");
  CAF_CHECK_EQUAL(options.query_parameter, "access_token");
  CAF_CHECK_EQUAL(options.subprotocol, "bearer");
  CAF_CHECK_EQUAL(options.realm, "switchboard");
}

CAF_TEST(every key of tokens is read) {
  auto options = std::get<jwt_authentication>(read(jwt, R"(
jwks_file = "/keys.json"
realm = "chat"
algorithms = ["RS256", "ES256", "EdDSA", "HS256"]
issuer = "https://login.example"
audience = ["chat", "talk"]
clock_skew = "5s"
require_expiry = false
token_from = ["query", "cookie", "subprotocol", "header"]
cookie = "session"
query_parameter = "jwt"
subprotocol = "token"
groups_claim = "groups"
required = { scope = "chat", "https://example/role" = "staff" }
)"));
  jwt_authentication expected;
  expected.jwks_file = "/keys.json";
  expected.realm = "chat";
  expected.algorithms = {"RS256", "ES256", "EdDSA", "HS256"};
  expected.issuer = "https://login.example";
  expected.audience = {"chat", "talk"};
  expected.clock_skew = std::chrono::seconds{5};
  expected.require_expiry = false;
  expected.token_from = {token_place::query, token_place::cookie,
                         token_place::subprotocol, token_place::header};
  expected.cookie = "session";
  expected.query_parameter = "jwt";
  expected.subprotocol = "token";
  expected.groups_claim = "groups";
  expected.required = {{"scope", "chat"}, {"https://example/role", "staff"}};
  CAF_CHECK(options == expected);
  auto one = std::get<jwt_authentication>(
      read(jwt, "secret = \"0123456789012345678901234567890\\n\"\n"
                "audience = \"chat\"\n"));
  CAF_CHECK_EQUAL(one.audience, (std::vector<std::string>{"chat"}));
  CAF_CHECK_EQUAL(one.secret, "0123456789012345678901234567890\n");
}

CAF_TEST(passwords are read) {
  auto options = std::get<basic_authentication>(read(basic));
  CAF_CHECK_EQUAL(options.password_file, "/etc/switchboard/passwords");
  CAF_CHECK_EQUAL(options.realm, "switchboard");
  options = std::get<basic_authentication>(read(basic, "realm = \"r\"\n"));
  CAF_CHECK_EQUAL(options.realm, "r");
}

CAF_TEST(what is missing or contradicts itself is told with its place) {
  constexpr auto key = "http_listener.main.authentication";
  auto at = [&](const char* column, const char* name, const char* message) {
    return std::string{column} + ": " + key + (*name != '\0' ? "." : "") + name
           + ": " + message + "\n";
  };
  check_rows(header,
             {
                 {R"(type = "digest")",
                  at("8", "type",
                     R"("digest" is unknown, expected "jwt" or "basic")")},
                 {R"(type = "jwt")",
                  at("1", "type",
                     "\"jwt\" has no keys, expected one of key_file, "
                     "jwks_file and secret beside it")},
                 {R"(type = "basic")",
                  at("1", "type",
                     "\"basic\" has no passwords, expected a password_file "
                     "beside it")},
             });
  check_rows(
      with_keys,
      {
          {R"(secret = "0123456789abcdef0123456789abcdef")",
           at("1", "secret",
              "stands beside another source of keys, expected one of "
              "key_file, jwks_file and secret")},
          {R"(password_file = "p")",
           at("1", "password_file",
              "is of type \"basic\", expected no such key beside type "
              "\"jwt\"")},
          {R"(algorithms = ["RS512"])",
           at("15", "algorithms[0]",
              R"("RS512" is unknown, expected "HS256", "RS256", "ES256" or "EdDSA")")},
          {R"(algorithms = ["none"])",
           at("15", "algorithms[0]",
              R"("none" is unknown, expected "HS256", "RS256", "ES256" or "EdDSA")")},
          {R"(algorithms = ["HS256"])",
           at("15", "algorithms[0]",
              "\"HS256\" is not for the public keys of a key_file, expected a "
              "secret")},
          {R"(algorithms = [])",
           at("14", "algorithms",
              "is empty, expected at least one, or no such key for what the "
              "keys are for")},
          {R"(clock_skew = "2h")",
           at("14", "clock_skew", "is long, expected at most \"1h\"")},
          {R"(token_from = [])",
           at("14", "token_from",
              "is empty, expected at least one of \"header\", "
              "\"subprotocol\", \"cookie\" and \"query\"")},
          {R"(token_from = ["query", "query"])",
           at("24", "token_from[1]", "stands there twice, expected once")},
          {R"(cookie = "a")",
           at("1", "cookie",
              "stands without \"cookie\" in token_from, expected it there")},
          {R"(audience = [])",
           at("12", "audience",
              "is empty, expected at least one, or no such key for any")},
          {R"(issuer = "")",
           at("10", "issuer",
              "\"\" does not do, expected the issuer of tokens")},
          {R"(isuer = "x")",
           at("1", "isuer",
              "is an unknown key, the nearest known key is issuer")},
      });
  check_rows(basic,
             {
                 {R"(issuer = "x")",
                  at("1", "issuer",
                     "is of type \"jwt\", expected no such key beside type "
                     "\"basic\"")},
             });
}

CAF_TEST(no message repeats a secret) {
  for (auto line : {"secret = \"too short\"\n", "secret = \"${SECRET}\"\n"}) {
    auto problems = problems_of(std::string{jwt} + line);
    CAF_CHECK(problems.find("expected at least 32") != std::string::npos);
    CAF_CHECK(problems.find("too short") == std::string::npos);
    CAF_CHECK(problems.find("hunter2") == std::string::npos);
  }
}
