#define CAF_SUITE config.revocation

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + "[tls.a]\n" + std::string{text};
}

std::optional<revocation_options> read(std::string_view text) {
  return good(with(text)).switchboard.tls.at(0).revocation;
}

} // namespace

CAF_TEST(without the key nothing is checked) {
  CAF_CHECK(!read(""));
}

CAF_TEST(the standard check has four switches that are off) {
  auto plain = read("revocation_check = { standard = {} }\n");
  CAF_REQUIRE(plain.has_value());
  auto& off = std::get<standard_revocation>(*plain);
  CAF_CHECK(!off.only_end_entities);
  CAF_CHECK(!off.prefer_crls);
  CAF_CHECK(!off.no_fallback);
  CAF_CHECK(!off.soft_fail);
  for (auto name :
       {"only_end_entities", "prefer_crls", "no_fallback", "soft_fail"}) {
    auto one = read("revocation_check = { standard = { " + std::string{name}
                    + " = true } }\n");
    auto& on = std::get<standard_revocation>(one.value());
    CAF_CHECK_EQUAL(on.only_end_entities, name[0] == 'o');
    CAF_CHECK_EQUAL(on.prefer_crls, name[0] == 'p');
    CAF_CHECK_EQUAL(on.no_fallback, name[0] == 'n');
    CAF_CHECK_EQUAL(on.soft_fail, name[0] == 's');
  }
}

CAF_TEST(a responder and a file of CRLs are read) {
  auto responder = read(R"(trust_store = { path = "trust.p12" }
[tls.a.revocation_check.custom_ocsp_responder]
url = "HTTP://ocsp.example.com:8080/a?b"
cert_alias = "signer"
)");
  auto& asked = std::get<custom_ocsp_responder>(responder.value());
  CAF_CHECK_EQUAL(asked.url, "HTTP://ocsp.example.com:8080/a?b");
  CAF_CHECK_EQUAL(asked.cert_alias, "signer");
  auto file = read("revocation_check = { crl_file = { path = \"a.crl\" } }\n");
  CAF_CHECK_EQUAL(std::get<crl_file>(file.value()).path,
                  "/etc/switchboard/a.crl");
}

CAF_TEST(exactly one way to check is asked for) {
  check_rows(
      with(""),
      {{"revocation_check = {}",
        "20: tls.a.revocation_check: says no way to check, expected one of "
        "standard, custom_ocsp_responder and crl_file"},
       {R"(revocation_check = { standard = {}, crl_file = { path = "c" } })",
        "37: tls.a.revocation_check.crl_file: stands beside another way to "
        "check, expected one of standard, custom_ocsp_responder and crl_file"},
       {"revocation_check = { standart = {} }",
        "22: tls.a.revocation_check.standart: is an unknown key, the nearest "
        "known key is standard"},
       {"revocation_check = true",
        "20: tls.a.revocation_check: is a boolean, expected a table"}});
}

CAF_TEST(wrong values of a way are refused) {
  check_rows(
      with(""),
      {{"revocation_check = { standard = { soft_fail = 1 } }",
        "47: tls.a.revocation_check.standard.soft_fail: is an integer, "
        "expected true or false"},
       {"revocation_check = { standard = { softfail = true } }",
        "35: tls.a.revocation_check.standard.softfail: is an unknown key, the "
        "nearest known key is soft_fail"},
       {"revocation_check = { crl_file = {} }",
        "33: tls.a.revocation_check.crl_file.path: is missing, expected a "
        "file"},
       {R"(revocation_check = { crl_file = { path = "" } })",
        "42: tls.a.revocation_check.crl_file.path: \"\" is no file, expected "
        "a path"},
       {"revocation_check = { custom_ocsp_responder = {} }",
        "46: tls.a.revocation_check.custom_ocsp_responder.url: is missing, "
        "expected the URL of an OCSP responder"}});
  check_rows(
      with("[tls.a.revocation_check.custom_ocsp_responder]\n"),
      {{R"(url = "https://a/")",
        "7: tls.a.revocation_check.custom_ocsp_responder.url: has another "
        "scheme than http, expected one such as \"http://ocsp.example.com/\""},
       {R"(url = "http://u:hunter2@a/")",
        "7: tls.a.revocation_check.custom_ocsp_responder.url: holds a user, a "
        "password or a fragment, expected one such as "
        "\"http://ocsp.example.com/\""},
       {R"(url = "/a")",
        "7: tls.a.revocation_check.custom_ocsp_responder.url: is no URL, "
        "expected one such as \"http://ocsp.example.com/\""}});
  check_rows(
      with("[tls.a.revocation_check.custom_ocsp_responder]\n"
           "url = \"http://a/\"\n"),
      {{R"(cert_alias = "b")",
        "14: tls.a.revocation_check.custom_ocsp_responder.cert_alias: \"b\" "
        "has no trust_store to be found in, expected one with a path beside "
        "it"},
       {R"(cert_alias = "")",
        "14: tls.a.revocation_check.custom_ocsp_responder.cert_alias: is "
        "empty, expected the alias of a certificate in the trust_store"}});
}
