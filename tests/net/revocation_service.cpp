#define CAF_SUITE revocation_service
#include <caf/test/unit_test.hpp>

#include "service_rig.hpp"

using namespace revocation_rig;

CAF_TEST_FIXTURE_SCOPE(revocation_service_tests, service_rig)

CAF_TEST(the four options decide whom to ask and what silence means) {
  // For each state of responder and list what comes of it, without and with
  // soft_fail, by: OCSP first, CRLs first, each with and without the other.
  const struct {
    std::string ocsp;
    std::string crl;
    std::string both;
    std::string crl_first;
    std::string only_ocsp;
    std::string only_crl;
  } rows[] = {
      {"good", "good", "passes", "passes", "passes", "passes"},
      {"good", "revoked", "passes", "revoked", "passes", "revoked"},
      {"revoked", "good", "revoked", "passes", "revoked", "passes"},
      {"revoked", "revoked", "revoked", "revoked", "revoked", "revoked"},
      {"unknown", "good", "passes", "passes", "refused", "passes"},
      {"unknown", "revoked", "revoked", "revoked", "refused", "revoked"},
      {"stale", "good", "passes", "passes", "refused", "passes"},
      {"lying", "good", "passes", "passes", "refused", "passes"},
      {"later", "good", "passes", "passes", "refused", "passes"},
      {"good", "stale", "passes", "passes", "passes", "refused"},
      {"good", "lying", "passes", "passes", "passes", "refused"},
      {"revoked", "stale", "revoked", "revoked", "revoked", "refused"},
      {"unknown", "stale", "refused", "refused", "refused", "refused"},
      {"lying", "lying", "refused", "refused", "refused", "refused"},
      {"silent", "good", "passes", "passes", "refused", "passes"},
      {"silent", "revoked", "revoked", "revoked", "refused", "revoked"},
      {"silent", "silent", "refused", "refused", "refused", "refused"},
  };
  for (auto& row : rows) {
    CAF_MESSAGE("OCSP " << row.ocsp << ", CRL " << row.crl);
    tell(row.ocsp, row.crl);
    for (auto soft : {false, true}) {
      auto expected = [&](const std::string& hard) {
        return soft && hard == "refused" ? "passes" : hard;
      };
      auto seen = [&](bool prefer_crls, bool no_fallback) {
        restart();
        return kind_of(check_leaf({.prefer_crls = prefer_crls,
                                   .no_fallback = no_fallback,
                                   .soft_fail = soft}));
      };
      CAF_CHECK_EQUAL(seen(false, false), expected(row.both));
      CAF_CHECK_EQUAL(seen(true, false), expected(row.crl_first));
      CAF_CHECK_EQUAL(seen(false, true), expected(row.only_ocsp));
      CAF_CHECK_EQUAL(seen(true, true), expected(row.only_crl));
    }
  }
}

CAF_TEST(the order of asking is the order of the options) {
  tell("good", "good");
  check_leaf();
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
  CAF_CHECK_EQUAL(web.asked("/crl"), 0);
  restart();
  check_leaf({.prefer_crls = true});
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
  CAF_CHECK_EQUAL(web.asked("/crl"), 1);
  restart();
  tell("silent", "good");
  check_leaf({.no_fallback = true});
  CAF_CHECK_EQUAL(web.asked("/crl"), 1);
}

CAF_TEST(a refusal names certificate and cause) {
  tell("revoked", "good");
  auto revoked = check_leaf();
  CAF_CHECK(holds(revoked, "the certificate of CN=leaf is revoked, since "));
  CAF_CHECK(holds(revoked, "keyCompromise"));
  restart();
  tell("unknown", "stale");
  auto unknown = check_leaf();
  CAF_CHECK(unknown.starts_with(
      "whether the certificate of CN=leaf is revoked cannot be found out: OCSP "
      + web.url("/ocsp") + ": it does not know the certificate; CRL "
      + web.url("/crl") + ": the CRL is out of date"));
  leaf = issue({.subject = "mute", .issuer = &root});
  CAF_CHECK_EQUAL(check_leaf(), "whether the certificate of CN=mute is revoked "
                                "cannot be found out: it names no OCSP "
                                "responder; it names no CRL");
  CAF_CHECK_EQUAL(check_leaf({.soft_fail = true}), "passes");
}

CAF_TEST(an answer is asked for once and remembered) {
  tell("good", "good");
  for (int i = 0; i < 5; ++i)
    CAF_CHECK_EQUAL(check_leaf(), "passes");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
  for (int i = 0; i < 5; ++i)
    CAF_CHECK_EQUAL(check_leaf({.prefer_crls = true}), "passes");
  CAF_CHECK_EQUAL(web.asked("/crl"), 1);
  // A list serves all that it is about.
  auto second = make_leaf("second");
  CAF_CHECK_EQUAL(
      check(question(second, root, standard_revocation{.prefer_crls = true})),
      "passes");
  CAF_CHECK_EQUAL(web.asked("/crl"), 1);
  // What is revoked stays so.
  restart();
  tell("revoked", "good");
  CAF_CHECK_EQUAL(kind_of(check_leaf()), "revoked");
  tell("good", "good");
  CAF_CHECK_EQUAL(kind_of(check_leaf()), "revoked");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 2);
}

CAF_TEST(many who wait for one answer ask once) {
  std::promise<void> opened;
  auto open = opened.get_future().share();
  web.serve("/ocsp", [&, open](const std::string&) {
    open.wait();
    return std::optional{make_answer(leaf, root)};
  });
  limits.ocsp_patience = 10s;
  restart();
  std::vector<std::future<std::string>> waiting;
  for (int i = 0; i < 50; ++i)
    waiting.push_back(begin(question(leaf, root, standard_revocation{})));
  CAF_CHECK(until([&] { return web.asked("/ocsp") == 1; }));
  opened.set_value();
  for (auto& one : waiting)
    CAF_CHECK_EQUAL(one.get(), "");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
}

CAF_TEST(a failure stands for a while) {
  limits.fetches.failures_last = 3600s;
  restart();
  tell("silent", "silent");
  CAF_CHECK_EQUAL(kind_of(check_leaf()), "refused");
  tell("good", "good");
  auto again = check_leaf();
  CAF_CHECK(holds(again, "no answer within 500 ms"));
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
  restart();
  CAF_CHECK_EQUAL(check_leaf(), "passes");
}

CAF_TEST(answers have a largest size) {
  limits.largest_answer = 1000;
  limits.largest_crl = 1000;
  restart();
  web.serve("/ocsp", std::string(2000, 'x'));
  web.serve("/crl", std::string(2000, 'x'));
  auto told = check_leaf();
  CAF_CHECK(holds(told, ": its answer is larger than the limit; CRL "));
  CAF_CHECK(holds(told.substr(told.find("; CRL ")), "larger than the limit"));
}

CAF_TEST(a place where nobody answers is told) {
  leaf = make_leaf("leaf", "/missing", "/missing");
  CAF_CHECK(holds(check_leaf(), "/missing: it answered with status 404"));
  leaf = issue(
      {.subject = "leaf",
       .issuer = &root,
       .extensions = {{NID_info_access, "OCSP;URI:http://127.0.0.1:1/"}}});
  auto told = check_leaf();
  CAF_CHECK(holds(told, "OCSP http://127.0.0.1:1/: "));
  CAF_CHECK(holds(told, "Connection refused"));
}

CAF_TEST(the next of several responders is asked) {
  leaf = issue(
      {.subject = "leaf",
       .issuer = &root,
       .extensions = {{NID_info_access, "OCSP;URI:http://127.0.0.1:1/,OCSP;URI:"
                                            + web.url("/ocsp")}}});
  tell("good", "good");
  CAF_CHECK_EQUAL(check_leaf({.no_fallback = true}), "passes");
}

CAF_TEST(a responder may be named by name) {
  auto url = web.url("/ocsp");
  url.replace(url.find("127.0.0.1"), 9, "localhost");
  leaf = issue({.subject = "leaf",
                .issuer = &root,
                .extensions = {{NID_info_access, "OCSP;URI:" + url}}});
  tell("good", "good");
  limits.ocsp_patience = 10s;
  restart();
  CAF_CHECK_EQUAL(check_leaf(), "passes");
}

CAF_TEST(a service ends while it waits) {
  limits.ocsp_patience = 3600s;
  restart();
  tell("silent", "silent");
  auto told = begin(question(leaf, root, standard_revocation{}));
  CAF_CHECK(until([&] { return web.asked("/ocsp") == 1; }));
  service.reset();
  // Nobody is told any more.
  auto gone = false;
  try {
    told.get();
  } catch (const std::future_error&) {
    gone = true;
  }
  CAF_CHECK(gone);
}

CAF_TEST_FIXTURE_SCOPE_END()
