#define CAF_SUITE ocsp_exchange
#include <caf/test/unit_test.hpp>

#include "net/certificate_facts.hpp"
#include "net/ocsp_exchange.hpp"
#include "revocation_rig.hpp"

using namespace switchboard::net;
using namespace revocation_rig;
using tls_peer::issue;
using tls_peer::wish;

namespace {

struct fixture {
  identity root = issue({.subject = "root", .authority = true});
  identity leaf = issue({.subject = "leaf", .issuer = &root});
  identity other = issue({.subject = "other", .issuer = &root});
  identity stranger = issue({.subject = "root", .authority = true});
  identity delegate =
      issue({.subject = "delegate",
             .issuer = &root,
             .extensions = {{NID_ext_key_usage, "OCSPSigning"}}});

  /// "good", "revoked …" or why it is undetermined.
  std::string judge(const std::string& answer,
                    const identity* signer = nullptr) {
    ocsp_exchange exchange{leaf.certificate.get(), root.certificate.get(),
                           false};
    return told(exchange.judge(
        answer, signer == nullptr ? nullptr : signer->certificate.get()));
  }

  static std::string told(const certificate_status& status) {
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

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(ocsp_exchange_tests, fixture)

CAF_TEST(the issuer tells what became of a certificate) {
  CAF_CHECK_EQUAL(judge(make_answer(leaf, root)), "good");
  auto revoked = judge(make_answer(leaf, root, {.what = fate::revoked}));
  CAF_CHECK(revoked.starts_with("revoked since "));
  CAF_CHECK(revoked.ends_with(", keyCompromise"));
  CAF_CHECK_EQUAL(judge(make_answer(leaf, root, {.what = fate::unknown})),
                  "it does not know the certificate");
}

CAF_TEST(an answer holds for its time) {
  CAF_CHECK(
      holds(judge(make_answer(leaf, root, {.from = -9000, .until = -1000})),
            "out of date"));
  CAF_CHECK(
      holds(judge(make_answer(leaf, root, {.from = 1000})), "out of date"));
  // Without an end for an hour.
  CAF_CHECK_EQUAL(
      judge(make_answer(leaf, root, {.from = -1800, .until = std::nullopt})),
      "good");
  CAF_CHECK(holds(
      judge(make_answer(leaf, root, {.from = -9000, .until = std::nullopt})),
      "out of date"));
  // Clocks differ.
  CAF_CHECK_EQUAL(judge(make_answer(leaf, root, {.from = 200})), "good");
}

CAF_TEST(an answer is remembered until its end and a day at most) {
  ocsp_exchange exchange{leaf.certificate.get(), root.certificate.get(), false};
  auto span_of = [&](const answer_wish& what) {
    return exchange.judge(make_answer(leaf, root, what), nullptr).until
           - std::time(nullptr);
  };
  auto near = [](long value, long expected) {
    return value >= expected - 5 && value <= expected;
  };
  CAF_CHECK(near(span_of({.until = 3600}), 3600));
  CAF_CHECK(near(span_of({.until = 7 * 86400}), 86400));
  CAF_CHECK(near(span_of({.until = std::nullopt}), 60));
  CAF_CHECK_EQUAL(
      exchange.judge(make_answer(leaf, root, {.what = fate::unknown}), nullptr)
          .until,
      0);
}

CAF_TEST(whom the issuer has named may answer for it) {
  CAF_CHECK_EQUAL(
      judge(make_answer(leaf, root, {.signer = &delegate, .shown = &delegate})),
      "good");
}

CAF_TEST(nobody else is believed) {
  auto wrong = [&](const answer_wish& what) {
    return judge(make_answer(leaf, root, what))
        .starts_with("its answer is not to be trusted: ");
  };
  // Of the same name, of the same issuer without the right, and a delegate of
  // somebody else.
  CAF_CHECK(wrong({.signer = &stranger}));
  CAF_CHECK(wrong({.signer = &stranger, .shown = &stranger}));
  CAF_CHECK(wrong({.signer = &other, .shown = &other}));
  CAF_CHECK(wrong({.signer = &leaf, .shown = &leaf}));
  auto foreign = issue({.subject = "delegate",
                        .issuer = &stranger,
                        .extensions = {{NID_ext_key_usage, "OCSPSigning"}}});
  CAF_CHECK(wrong({.signer = &foreign, .shown = &foreign}));
  auto old = issue({.subject = "delegate",
                    .from = -9,
                    .until = -1,
                    .issuer = &root,
                    .extensions = {{NID_ext_key_usage, "OCSPSigning"}}});
  CAF_CHECK(wrong({.signer = &old, .shown = &old}));
  CAF_CHECK(wrong({.what = fate::revoked, .signer = &stranger}));
}

CAF_TEST(a signer that was named is believed and nobody beside it) {
  CAF_CHECK_EQUAL(
      judge(make_answer(leaf, root, {.signer = &stranger}), &stranger), "good");
  CAF_CHECK(holds(judge(make_answer(leaf, root), &stranger), "trusted"));
  CAF_CHECK(holds(
      judge(make_answer(leaf, root, {.signer = &delegate, .shown = &delegate}),
            &stranger),
      "trusted"));
}

CAF_TEST(an answer about something else is none) {
  CAF_CHECK_EQUAL(judge(make_answer(other, root)),
                  "its answer is about another certificate");
  CAF_CHECK_EQUAL(judge("<html>"), "its answer is no OCSP");
  CAF_CHECK_EQUAL(judge(""), "its answer is no OCSP");
  CAF_CHECK_EQUAL(judge(make_error(OCSP_RESPONSE_STATUS_TRYLATER)),
                  "it answered trylater");
  auto cut = make_answer(leaf, root);
  for (std::size_t size = 0; size < cut.size(); size += 7)
    CAF_CHECK(judge(cut.substr(0, size)) != "good");
  // Every byte is covered by the signature, or of no account.
  for (std::size_t at = 0; at < cut.size(); at += 3) {
    auto bent = make_answer(leaf, root, {.what = fate::revoked});
    bent[at % bent.size()] = static_cast<char>(bent[at % bent.size()] ^ 0x01);
    CAF_CHECK(judge(bent) != "good");
  }
}

CAF_TEST(a number that was asked with comes back) {
  ocsp_exchange first{leaf.certificate.get(), root.certificate.get(), true};
  ocsp_exchange second{leaf.certificate.get(), root.certificate.get(), true};
  auto answer = make_answer(leaf, root, {.question = first.request()});
  CAF_CHECK_EQUAL(told(first.judge(answer, nullptr)), "good");
  CAF_CHECK_EQUAL(told(second.judge(answer, nullptr)),
                  "its answer is to another question");
  // Prepared answers have none.
  CAF_CHECK_EQUAL(told(second.judge(make_answer(leaf, root), nullptr)), "good");
}

CAF_TEST(certificates tell whom to ask) {
  auto told = issue(
      {.subject = "a\nb",
       .issuer = &root,
       .extensions = {
           {NID_info_access,
            "OCSP;URI:http://a.example/1,caIssuers;URI:http://a.example/ca,"
            "OCSP;URI:https://a.example/2,OCSP;URI:ldap://a.example/3,"
            "OCSP;URI:http://u:p@a.example/4,OCSP;URI:HTTP://[::1]:8080/5?q,"
            "OCSP;URI:http://a.example/6,OCSP;URI:http://a.example/7"},
           {NID_crl_distribution_points,
            "URI:http://a.example/1.crl,URI:ldap://a.example/2"}}});
  auto ocsp = ocsp_urls_of(told.certificate.get());
  CAF_CHECK_EQUAL(ocsp, (std::vector<std::string>{"http://a.example/1",
                                                  "HTTP://[::1]:8080/5?q",
                                                  "http://a.example/6"}));
  CAF_CHECK_EQUAL(crl_urls_of(told.certificate.get()),
                  (std::vector<std::string>{"http://a.example/1.crl"}));
  CAF_CHECK_EQUAL(subject_of(told.certificate.get()), "CN=a\\0Ab");
  CAF_CHECK(ocsp_urls_of(leaf.certificate.get()).empty());
  CAF_CHECK(crl_urls_of(leaf.certificate.get()).empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
