#define CAF_SUITE crl_check
#include <caf/test/unit_test.hpp>

#include "net/crl_check.hpp"
#include "revocation_rig.hpp"

using namespace switchboard::net;
using namespace revocation_rig;
using tls_peer::issue;

namespace {

struct fixture {
  identity root = issue({.subject = "root", .authority = true});
  identity leaf = issue({.subject = "leaf", .issuer = &root});
  identity other = issue({.subject = "other", .issuer = &root});
  identity stranger = issue({.subject = "root", .authority = true});

  std::string judge(const std::string& bytes) {
    auto crls = parse_crls(bytes);
    auto status =
        judge_by_crls(leaf.certificate.get(), root.certificate.get(), crls);
    switch (status.what) {
      case revocation_state::good:
        return "good";
      case revocation_state::revoked:
        return "revoked " + status.detail;
      default:
        return status.detail;
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(crl_check_tests, fixture)

CAF_TEST(a list tells what is revoked and what is not ) {
  CAF_CHECK_EQUAL(judge(make_crl(root)), "good");
  CAF_CHECK_EQUAL(judge(make_crl(root, {.revoked = {&other}})), "good");
  CAF_CHECK(judge(make_crl(root, {.revoked = {&other, &leaf}}))
                .starts_with("revoked since "));
}

CAF_TEST(a list holds for its time) {
  CAF_CHECK(judge(make_crl(root, {.from = -9000, .until = -1000}))
                .starts_with("the CRL is out of date: it is of "));
  CAF_CHECK(
      judge(make_crl(root, {.revoked = {&leaf}, .from = -9000, .until = -1000}))
          .starts_with("the CRL is out of date"));
  CAF_CHECK_EQUAL(judge(make_crl(root, {.from = 3000, .until = 9000})),
                  "the CRL is of no use: CRL is not yet valid");
}

CAF_TEST(only the issuer of a certificate lists it) {
  CAF_CHECK_EQUAL(judge(make_crl(root, {.signer = &stranger})),
                  "the CRL is not signed by the issuer");
  CAF_CHECK_EQUAL(judge(make_crl(other)), "no CRL of its issuer is there");
  CAF_CHECK_EQUAL(judge(""), "no CRL of its issuer is there");
}

CAF_TEST(an authority that may not sign lists is not believed) {
  root = issue({.subject = "root",
                .authority = true,
                .extensions = {{NID_key_usage, "keyCertSign"}}});
  leaf = issue({.subject = "leaf", .issuer = &root});
  CAF_CHECK_EQUAL(judge(make_crl(root)),
                  "the CRL is of no use: key usage does not include CRL "
                  "signing");
}

CAF_TEST(an authority below a root is enough) {
  auto middle =
      issue({.subject = "middle", .issuer = &root, .authority = true});
  leaf = issue({.subject = "leaf", .issuer = &middle});
  root = std::move(middle);
  CAF_CHECK_EQUAL(judge(make_crl(root)), "good");
  CAF_CHECK(judge(make_crl(root, {.revoked = {&leaf}}))
                .starts_with("revoked since "));
}

CAF_TEST(several lists stand in PEM and the right one is used) {
  auto text = to_pem(make_crl(other)) + to_pem(make_crl(root));
  CAF_CHECK_EQUAL(parse_crls(text).size(), 2u);
  CAF_CHECK_EQUAL(judge(text), "good");
  // Of two of the same issuer the one whose time it is.
  auto old = make_crl(root, {.from = -9000, .until = -1000});
  CAF_CHECK(judge(to_pem(old) + to_pem(make_crl(root, {.revoked = {&leaf}})))
                .starts_with("revoked since "));
}

CAF_TEST(what is no list is none) {
  auto whole = make_crl(root);
  CAF_CHECK(parse_crls("").empty());
  CAF_CHECK(parse_crls("<html>").empty());
  CAF_CHECK(parse_crls(root.certificate_pem()).empty());
  for (std::size_t size = 0; size < whole.size(); size += 5)
    CAF_CHECK(parse_crls(whole.substr(0, size)).empty());
  auto text = to_pem(whole);
  text[text.size() / 2] = '!';
  CAF_CHECK(parse_crls(to_pem(whole) + text).empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
