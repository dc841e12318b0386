#pragma once

#include <future>
#include <map>

#include "net/revocation_service.hpp"
#include "revocation_rig.hpp"

namespace revocation_rig {

using namespace std::chrono_literals;
using namespace switchboard;
using namespace switchboard::net;
using tls_peer::issue;
using tls_peer::until;

/// A service with a responder and a list that say what they are told to.
struct service_rig {
  web_server web;
  identity root = issue({.subject = "root", .authority = true});
  identity stranger = issue({.subject = "root", .authority = true});
  identity leaf = make_leaf("leaf");
  revocation_limits limits;
  std::shared_ptr<revocation_service> service;

  service_rig() {
    limits.ocsp_patience = 500ms;
    limits.crl_patience = 500ms;
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

  /// What responder and list say next. From the next restart on, whoever
  /// answers has more time for it than silence takes.
  void tell(const std::string& ocsp, const std::string& crl) {
    limits.ocsp_patience = ocsp == "silent" ? 150ms : 2s;
    limits.crl_patience = crl == "silent" ? 150ms : 2s;
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

inline bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// In one word.
inline std::string kind_of(const std::string& told) {
  if (told == "passes")
    return "passes";
  if (holds(told, " is revoked, since "))
    return "revoked";
  return holds(told, "cannot be found out: ") ? "refused" : told;
}

} // namespace revocation_rig
