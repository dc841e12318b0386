#define CAF_SUITE config.tls

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

constexpr std::string_view listener = R"([websocket.chat.server]
listener = "main"
[http_listener.main]
host = "127.0.0.1"
port = 8080
)";

} // namespace

CAF_TEST(a context has the defaults of the specification) {
  auto options = good(with("[tls.edge]\n")).switchboard.tls.at(0);
  CAF_CHECK_EQUAL(options.name, "edge");
  CAF_CHECK(options.enabled_protocols.empty());
  CAF_CHECK(options.enabled_cipher_suites.empty());
  CAF_CHECK(options.trust_store.path.empty());
  CAF_CHECK(!options.trust_store.insecure);
  CAF_CHECK(!options.key_store);
  CAF_CHECK(options.client_auth == client_authentication::none);
  CAF_CHECK_EQUAL(options.at.line, 6u);
}

CAF_TEST(every key of a context is read) {
  auto options = good(with(R"([tls."edge 1"]
enabled_protocols = ["TLSv1.3"]
enabled_cipher_suites = ["TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-SHA"]
trust_store = { path = "trust.jks", password = "a", type = "JKS", algorithm = "PKIX", insecure = true }
client_authentication = "optional"
[tls."edge 1".key_store]
path = "/keys/k.p12"
type = "PKCS12"
alias = "server"
key_password = "${SECRET}"
password = "${file:password}"
algorithm = "SunX509"
)"))
                     .switchboard.tls.at(0);
  CAF_CHECK_EQUAL(options.name, "edge 1");
  CAF_CHECK_EQUAL(options.enabled_protocols,
                  (std::vector<std::string>{"TLSv1.3"}));
  CAF_CHECK_EQUAL(options.enabled_cipher_suites.size(), 2u);
  CAF_CHECK_EQUAL(options.trust_store.path, "/etc/switchboard/trust.jks");
  CAF_CHECK_EQUAL(options.trust_store.password, "a");
  CAF_CHECK(options.trust_store.type == store_type::jks);
  CAF_CHECK(options.trust_store.insecure);
  CAF_CHECK(options.client_auth == client_authentication::optional);
  CAF_REQUIRE(options.key_store.has_value());
  auto& keys = *options.key_store;
  CAF_CHECK_EQUAL(keys.path, "/keys/k.p12");
  CAF_CHECK(keys.type == store_type::pkcs12);
  CAF_CHECK_EQUAL(keys.alias, "server");
  CAF_CHECK_EQUAL(keys.key_password, "hunter2");
  CAF_CHECK_EQUAL(keys.password, "correct-horse");
}

CAF_TEST(a listener with a context speaks HTTPS) {
  auto context = "[tls.edge]\nkey_store = { path = \"k.pem\" }\n";
  for (auto protocol : {"", "protocol = \"HTTPS\"\n"}) {
    auto options =
        good(std::string{listener} + "tls = \"edge\"\n" + protocol + context)
            .switchboard.listeners.at(0);
    CAF_CHECK_EQUAL(options.tls, "edge");
  }
  CAF_CHECK_EQUAL(problems_of(std::string{listener}
                              + "tls = \"edge\"\nprotocol = \"HTTP\"\n"
                              + context),
                  "7:12: http_listener.main.protocol: is \"HTTP\" beside a "
                  "tls, expected \"HTTPS\" or one of the two left out\n");
  CAF_CHECK_EQUAL(problems_of(std::string{listener} + "protocol = \"HTTPS\"\n"),
                  "6:12: http_listener.main.protocol: is \"HTTPS\" without a "
                  "tls, expected the name of a tls beside it\n");
}

CAF_TEST(a listener names a context that has a key) {
  auto header = std::string{listener} + "tls = \"edge\"\n";
  CAF_CHECK_EQUAL(problems_of(header),
                  "6:7: http_listener.main.tls: \"edge\" is no tls, expected "
                  "one in this file, which has none\n");
  CAF_CHECK_EQUAL(problems_of(header + "[tls.egde]\n"),
                  "6:7: http_listener.main.tls: \"edge\" is no tls, the "
                  "nearest is \"egde\"\n");
  CAF_CHECK_EQUAL(problems_of(header + "[tls.edge]\n"),
                  "6:7: http_listener.main.tls: \"edge\" has no key_store, "
                  "expected one with the listener's certificate and key\n");
  // One mistake is told once.
  CAF_CHECK_EQUAL(problems_of(header + "[tls]\nedge = 1\n"),
                  "8:8: tls.edge: is an integer, expected a table "
                  "[tls.NAME]\n");
}

CAF_TEST(wrong values of a context are refused) {
  check_rows(
      with("[tls.a]\n"),
      {{R"(enabled_protocols = ["SSLv3"])",
        "22: tls.a.enabled_protocols[0]: \"SSLv3\" is unknown, expected "
        "\"TLSv1\", \"TLSv1.1\", \"TLSv1.2\" or \"TLSv1.3\""},
       {"enabled_protocols = []",
        "21: tls.a.enabled_protocols: is empty, expected \"TLSv1\", "
        "\"TLSv1.1\", \"TLSv1.2\" or \"TLSv1.3\", or no such key for the "
        "defaults"},
       {R"(enabled_cipher_suites = ["A:B"])",
        "26: tls.a.enabled_cipher_suites[0]: \"A:B\" is unknown, expected "
        "names such as \"TLS_AES_128_GCM_SHA256\""},
       {R"(key_store = { type = "PEM" })",
        "13: tls.a.key_store.path: is missing, expected a file"},
       {R"(key_store = { path = "" })",
        "22: tls.a.key_store.path: \"\" is no file, expected a path"},
       {R"(key_store = { path = "k", type = "JCEKS" })",
        "34: tls.a.key_store.type: \"JCEKS\" is unknown, expected \"PEM\", "
        "\"PKCS12\" or \"JKS\""},
       {R"(key_store = { path = "k", algorithm = "X" })",
        "39: tls.a.key_store.algorithm: \"X\" is unknown, expected \"PKIX\" "
        "or \"SunX509\""},
       {R"(trust_store = { password = "x" })",
        "17: tls.a.trust_store.password: stands without a path, expected the "
        "path of the store that it is for"},
       {R"(client_authentication = "maybe")",
        "25: tls.a.client_authentication: \"maybe\" is unknown, expected "
        "\"none\", \"optional\" or \"required\""}});
}
