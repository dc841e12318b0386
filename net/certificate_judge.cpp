#include "net/certificate_judge.hpp"

#include <utility>

#include "net/certificate_facts.hpp"

namespace switchboard::net {

namespace {

constexpr const char* ocsp_request_type = "application/ocsp-request";

/// Exchanges that are over are forgotten once there are so many.
constexpr std::size_t many_exchanges = 1024;

certificate_status undetermined(std::string why) {
  return {revocation_state::undetermined, std::move(why), 0};
}

bool is_decided(const certificate_status& what) noexcept {
  return what.what != revocation_state::undetermined;
}

/// Adds where something came from to what is not known.
certificate_status with_source(certificate_status what,
                               const std::string& source) {
  if (!is_decided(what))
    what.detail = source + ": " + what.detail;
  return what;
}

/// What there is to be told of all sources that told nothing.
std::string joined(const std::string& before, const std::string& next) {
  return before.empty() ? next : before + "; " + next;
}

std::string key_of_crl_entry(const certificate_in_question& what) {
  ocsp_exchange name{what.certificate.get(), what.issuer.get(), false};
  return "CRL " + name.key();
}

} // namespace

certificate_judge::certificate_judge(loop& home,
                                     std::shared_ptr<resolver> names,
                                     const revocation_limits& how)
    : limits_(how),
      fetches_(home, std::move(names), how.fetches),
      statuses_(how.most_statuses),
      crls_(how.most_crl_bytes) {}

task<certificate_status>
certificate_judge::judge(const revocation_policy& policy,
                         const certificate_in_question& what) {
  if (auto how = std::get_if<standard_revocation>(&policy.how))
    co_return co_await by_standard(*how, what);
  if (auto how = std::get_if<custom_ocsp_responder>(&policy.how)) {
    std::vector<std::string> url{how->url};
    co_return co_await by_ocsp(&policy, url, what);
  }
  co_return judge_by_crls(what.certificate.get(), what.issuer.get(),
                          policy.crls);
}

task<certificate_status>
certificate_judge::by_standard(const standard_revocation& how,
                               const certificate_in_question& what) {
  auto urls = ocsp_urls_of(what.certificate.get());
  certificate_status result;
  for (auto is_first : {true, false}) {
    if (!is_first && how.no_fallback)
      break;
    certificate_status found;
    if (is_first == how.prefer_crls)
      found = co_await by_crl(what);
    else
      found = co_await by_ocsp(nullptr, urls, what);
    if (is_decided(found))
      co_return found;
    result.detail = joined(result.detail, found.detail);
  }
  co_return result;
}

// -- OCSP
// -------------------------------------------------------------------------

task<certificate_status>
certificate_judge::by_ocsp(const revocation_policy* policy,
                           const std::vector<std::string>& urls,
                           const certificate_in_question& what) {
  // Whose word it is: anybody's whom the issuer trusts, or one signer's.
  auto realm = policy == nullptr ? std::string{"OCSP "}
                                 : "OCSP of " + policy->signer_id + ' ';
  auto signer = policy == nullptr ? nullptr : policy->signer.get();
  // Public responders prepare their answers (RFC 5019 §2.1.1).
  auto exchange = exchange_about(what, policy != nullptr, realm);
  if (exchange->key().empty())
    co_return undetermined("memory has run out");
  auto key = realm + exchange->key();
  auto known = remembered(key);
  if (known != nullptr && known->what == revocation_state::revoked)
    co_return *known;
  if (policy == nullptr && !what.staple.empty()) {
    auto stapled = exchange->judge(what.staple, nullptr);
    if (is_decided(stapled)) {
      remember(key, stapled);
      co_return stapled;
    }
  }
  if (known != nullptr)
    co_return *known;
  certificate_status result = undetermined("");
  for (auto& url : urls) {
    std::string answer;
    auto found = co_await ask(url, *exchange, signer, answer);
    if (is_decided(found)) {
      remember(key, found);
      co_return found;
    }
    result.detail = joined(result.detail, found.detail);
  }
  if (urls.empty())
    result.detail = "it names no OCSP responder";
  co_return result;
}

task<certificate_status> certificate_judge::ask(std::string url,
                                                const ocsp_exchange& exchange,
                                                X509* signer,
                                                std::string& answer) {
  auto source = "OCSP " + url;
  http_question question{url, exchange.request(), ocsp_request_type,
                         limits_.largest_answer};
  if (question.body.empty())
    co_return undetermined("memory has run out");
  auto key = source + ' ' + exchange.key();
  auto waiting =
      fetches_.fetch(key, std::move(question), limits_.ocsp_patience);
  auto got = co_await waiting;
  if (!got.problem.empty())
    co_return with_source(undetermined(got.problem), source);
  auto result = exchange.judge(got.body, signer);
  if (is_decided(result))
    answer = std::move(got.body);
  co_return with_source(std::move(result), source);
}

std::shared_ptr<const ocsp_exchange>
certificate_judge::exchange_about(const certificate_in_question& what,
                                  bool nonce, const std::string& realm) {
  auto made = std::make_shared<const ocsp_exchange>(what.certificate.get(),
                                                    what.issuer.get(), nonce);
  // An answer repeats the number of the question that was sent: whoever waits
  // for it, too, has to have asked the same.
  if (!nonce)
    return made;
  if (exchanges_.size() >= many_exchanges)
    std::erase_if(exchanges_, [](auto& pair) { return pair.second.expired(); });
  auto& known = exchanges_[realm + made->key()];
  if (auto shared = known.lock())
    return shared;
  known = made;
  return made;
}

// -- CRLs
// -------------------------------------------------------------------------

task<certificate_status>
certificate_judge::by_crl(const certificate_in_question& what) {
  auto urls = crl_urls_of(what.certificate.get());
  auto key = key_of_crl_entry(what);
  if (auto known = remembered(key))
    co_return *known;
  certificate_status result = undetermined("");
  for (auto& url : urls) {
    auto found = co_await look_up(url, what);
    if (is_decided(found)) {
      remember(key, found);
      co_return found;
    }
    result.detail = joined(result.detail, found.detail);
  }
  if (urls.empty())
    result.detail = "it names no CRL";
  co_return result;
}

task<certificate_status>
certificate_judge::look_up(std::string url,
                           const certificate_in_question& what) {
  auto source = "CRL " + url;
  if (auto known = crls_.find(url, std::time(nullptr))) {
    auto list = *known;
    auto found =
        judge_by_crls(what.certificate.get(), what.issuer.get(), *list);
    if (is_decided(found))
      co_return found;
  }
  http_question question{url, {}, {}, limits_.largest_crl};
  auto waiting =
      fetches_.fetch(source, std::move(question), limits_.crl_patience);
  auto got = co_await waiting;
  if (!got.problem.empty())
    co_return with_source(undetermined(got.problem), source);
  auto list =
      std::make_shared<const std::vector<crl_ptr>>(parse_crls(got.body));
  if (list->empty())
    co_return with_source(undetermined("what came is no CRL"), source);
  auto found = judge_by_crls(what.certificate.get(), what.issuer.get(), *list);
  // Only what its issuer has signed is worth keeping.
  if (is_decided(found))
    crls_.put(url, std::move(list), found.until, got.body.size());
  co_return with_source(std::move(found), source);
}

// -- memory
// -----------------------------------------------------------------------

const certificate_status*
certificate_judge::remembered(const std::string& key) {
  return statuses_.find(key, std::time(nullptr));
}

void certificate_judge::remember(const std::string& key,
                                 const certificate_status& what) {
  statuses_.put(key, what, what.until);
}

} // namespace switchboard::net
