#define CAF_SUITE revocation_staples
#include <caf/test/unit_test.hpp>

#include "net/staple_box.hpp"
#include "service_rig.hpp"

using namespace revocation_rig;

CAF_TEST_FIXTURE_SCOPE(revocation_staples_tests, service_rig)

CAF_TEST(a staple spares the question) {
  tell("silent", "silent");
  auto with = [&](const std::string& staple) {
    return kind_of(check(question(leaf, root, standard_revocation{}, staple)));
  };
  CAF_CHECK_EQUAL(with(make_answer(leaf, root)), "passes");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 0);
  // It is remembered.
  CAF_CHECK_EQUAL(with(""), "passes");
  CAF_CHECK_EQUAL(with(make_answer(leaf, root, {.what = fate::revoked})),
                  "revoked");
  // An older word does not clear it.
  CAF_CHECK_EQUAL(with(make_answer(leaf, root)), "revoked");
  // A bad one counts for nothing.
  restart();
  CAF_CHECK_EQUAL(with(make_answer(leaf, root, {.signer = &stranger})),
                  "refused");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
  CAF_CHECK_EQUAL(
      with(make_answer(leaf, root, {.from = -9000, .until = -1000})),
      "refused");
  CAF_CHECK_EQUAL(with("nonsense"), "refused");
}

CAF_TEST(an answer about our own certificate is kept at hand) {
  tell("good", "good");
  auto box = std::make_shared<staple_box>(share(leaf.certificate.get()),
                                          share(root.certificate.get()),
                                          std::vector{web.url("/ocsp")});
  CAF_CHECK_EQUAL(box->get(), "");
  service->keep_fresh(box);
  CAF_CHECK(until([&] { return !box->get().empty(); }));
  // A revoked one is not sent along.
  tell("revoked", "good");
  auto other = std::make_shared<staple_box>(
      share(leaf.certificate.get()), share(root.certificate.get()),
      std::vector{web.url("/ocsp"), web.url("/last")});
  service->keep_fresh(other);
  CAF_CHECK(until([&] { return web.asked("/last") == 1; }));
  CAF_CHECK_EQUAL(other->get(), "");
}

CAF_TEST(answers of ours are renewed at half of their time) {
  CAF_CHECK(staple_pause(1000, 0) == 60s);
  CAF_CHECK(staple_pause(1000, 1010) == 60s);
  CAF_CHECK(staple_pause(1000, 1000 + 600) == 300s);
  CAF_CHECK(staple_pause(1000, 1000 + 7 * 86400) == 3600s);
}

CAF_TEST(a responder of the operator is asked about all) {
  auto signer = issue({.subject = "signer"});
  web.serve("/own", [&](const std::string& question) {
    return std::optional{
        make_answer(leaf, root, {.signer = &signer, .question = question})};
  });
  auto ask = [&](const identity* who) {
    restart();
    auto what =
        question(leaf, root, custom_ocsp_responder{web.url("/own"), "signer"});
    auto policy = std::make_shared<revocation_policy>();
    policy->how = what.policy->how;
    if (who != nullptr) {
      policy->signer = share(who->certificate.get());
      policy->signer_id = "who";
    }
    what.policy = policy;
    return kind_of(check(std::move(what)));
  };
  CAF_CHECK_EQUAL(ask(&signer), "passes");
  CAF_CHECK_EQUAL(ask(&stranger), "refused");
  CAF_CHECK_EQUAL(ask(nullptr), "refused");
  web.serve("/own", make_answer(leaf, root,
                                {.what = fate::revoked, .signer = &signer}));
  CAF_CHECK_EQUAL(ask(&signer), "revoked");
  web.serve("/own", make_answer(leaf, root));
  CAF_CHECK_EQUAL(ask(nullptr), "passes");
}

CAF_TEST(every certificate of a chain has to pass) {
  auto middle = issue(
      {.subject = "middle",
       .issuer = &root,
       .authority = true,
       .extensions = {{NID_crl_distribution_points, "URI:" + web.url("/up")}}});
  leaf = issue({.subject = "leaf",
                .issuer = &middle,
                .extensions = {
                    {NID_crl_distribution_points, "URI:" + web.url("/down")}}});
  auto both = [&] {
    auto what = question(leaf, middle, standard_revocation{});
    what.certificates.push_back(
        {share(middle.certificate.get()), share(root.certificate.get()), {}});
    return check(std::move(what));
  };
  web.serve("/down", make_crl(middle));
  web.serve("/up", make_crl(root));
  CAF_CHECK_EQUAL(both(), "passes");
  restart();
  web.serve("/up", make_crl(root, {.revoked = {&middle}}));
  CAF_CHECK(holds(both(), "the certificate of CN=middle is revoked"));
  restart();
  web.serve("/up", make_crl(root));
  web.serve("/down", make_crl(middle, {.revoked = {&leaf}}));
  CAF_CHECK(holds(both(), "the certificate of CN=leaf is revoked"));
}

CAF_TEST_FIXTURE_SCOPE_END()
