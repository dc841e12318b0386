#define CAF_SUITE revocation_service
#include <caf/test/unit_test.hpp>

#include <future>
#include <map>

#include "net/revocation_service.hpp"
#include "net/staple_box.hpp"
#include "revocation_rig.hpp"

using namespace std::chrono_literals;
using namespace switchboard;
using namespace switchboard::net;
using namespace revocation_rig;
using tls_peer::issue;
using tls_peer::until;

namespace {

struct fixture {
  web_server web;
  identity root = issue({.subject = "root", .authority = true});
  identity stranger = issue({.subject = "root", .authority = true});
  identity leaf = make_leaf("leaf");
  revocation_limits limits;
  std::shared_ptr<revocation_service> service;

  fixture() {
    limits.ocsp_patience = 150ms;
    limits.crl_patience = 150ms;
    limits.fetches.failures_last = 0s;
    restart();
  }

  /// Forgets what is known.
  void restart() {
    service = std::make_shared<revocation_service>(limits);
  }

  identity make_leaf(const std::string& name, const std::string& ocsp = "/ocsp",
                     const std::string& crl = "/crl") {
    return issue(
        {.subject = name,
         .issuer = &root,
         .extensions = {{NID_info_access, "OCSP;URI:" + web.url(ocsp)},
                        {NID_crl_distribution_points, "URI:" + web.url(crl)}}});
  }

  /// What responder and list say next.
  void tell(const std::string& ocsp, const std::string& crl) {
    web.serve(
        "/ocsp",
        page_of(
            [&] {
              return std::map<std::string, std::string>{
                  {"good", make_answer(leaf, root)},
                  {"revoked", make_answer(leaf, root, {.what = fate::revoked})},
                  {"unknown", make_answer(leaf, root, {.what = fate::unknown})},
                  {"stale",
                   make_answer(leaf, root, {.from = -9000, .until = -1000})},
                  {"lying", make_answer(leaf, root, {.signer = &stranger})},
                  {"later", make_error(OCSP_RESPONSE_STATUS_TRYLATER)}};
            }(),
            ocsp));
    web.serve(
        "/crl",
        page_of(
            [&] {
              return std::map<std::string, std::string>{
                  {"good", make_crl(root)},
                  {"revoked", make_crl(root, {.revoked = {&leaf}})},
                  {"stale", make_crl(root, {.from = -9000, .until = -1000})},
                  {"lying", make_crl(root, {.signer = &stranger})}};
            }(),
            crl));
  }

  static web_server::page page_of(std::map<std::string, std::string> all,
                                  const std::string& which) {
    if (which == "silent")
      return [](const std::string&) {
        return std::nullopt;
      };
    return [content = all.at(which)](const std::string&) {
      return std::optional{content};
    };
  }

  static chain_in_question question(const identity& about,
                                    const identity& issuer,
                                    revocation_options how,
                                    std::string staple = {}) {
    auto policy = std::make_shared<revocation_policy>();
    policy->how = std::move(how);
    chain_in_question result;
    result.certificates.push_back({share(about.certificate.get()),
                                   share(issuer.certificate.get()),
                                   std::move(staple)});
    result.policy = std::move(policy);
    return result;
  }

  std::future<std::string> begin(chain_in_question what) {
    auto told = std::make_shared<std::promise<std::string>>();
    service->check(std::move(what), [told](std::string problem) {
      told->set_value(std::move(problem));
    });
    return told->get_future();
  }

  /// "passes" or the problem.
  std::string check(chain_in_question what) {
    auto told = begin(std::move(what));
    if (told.wait_for(10s) != std::future_status::ready)
      return "no verdict";
    auto problem = told.get();
    return problem.empty() ? "passes" : problem;
  }

  std::string check_leaf(const standard_revocation& how = {}) {
    return check(question(leaf, root, how));
  }
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// In one word.
std::string kind_of(const std::string& told) {
  if (told == "passes")
    return "passes";
  if (holds(told, " is revoked, since "))
    return "revoked";
  return holds(told, "cannot be found out: ") ? "refused" : told;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(revocation_service_tests, fixture)

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
  CAF_CHECK(holds(again, "no answer within 150 ms"));
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
  CAF_CHECK(holds(told, "/ocsp: its answer is too large; CRL "));
  CAF_CHECK(holds(told, "/crl: its answer is too large"));
}

CAF_TEST(a place where nobody answers is told) {
  leaf = make_leaf("leaf", "/missing", "/missing");
  CAF_CHECK(holds(check_leaf(), "/missing: it answered with status 404"));
  leaf = issue(
      {.subject = "leaf",
       .issuer = &root,
       .extensions = {{NID_info_access, "OCSP;URI:http://127.0.0.1:1/"}}});
  auto told = check_leaf();
  CAF_CHECK(holds(told, "OCSP http://127.0.0.1:1/: it cannot be reached"));
  CAF_CHECK(holds(told, "Connection refused"));
}

CAF_TEST(the next of several responders is asked) {
  tell("good", "good");
  auto with_two = issue(
      {.subject = "leaf",
       .issuer = &root,
       .extensions = {{NID_info_access, "OCSP;URI:http://127.0.0.1:1/,OCSP;URI:"
                                            + web.url("/ocsp")}}});
  leaf = std::move(with_two);
  tell("good", "good");
  CAF_CHECK_EQUAL(check_leaf({.no_fallback = true}), "passes");
}

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
