#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <switchboard/revocation_options.hpp>

#include "net/crl_check.hpp"
#include "net/expiring_cache.hpp"
#include "net/fetch_pool.hpp"
#include "net/ocsp_exchange.hpp"

namespace switchboard::net {

/// How a context checks; does not change.
struct revocation_policy {
  revocation_options how;
  /// Of a custom responder with an alias: who signs.
  x509_ptr signer;
  /// Of `signer`, to tell its answers from others'.
  std::string signer_id;
  /// Of a CRL file.
  std::vector<crl_ptr> crls;
};

/// One certificate of a chain.
struct certificate_in_question {
  x509_ptr certificate;
  x509_ptr issuer;
  /// An OCSP answer that the peer has sent with it; empty: none.
  std::string staple;
};

/// What bounds the asking.
struct revocation_limits {
  fetch_pool::limits fetches;
  /// For one answer of a responder, and for one CRL. Both together are less
  /// than the 10 s that a listener gives its handshakes.
  std::chrono::milliseconds ocsp_patience{3000};
  std::chrono::milliseconds crl_patience{5000};
  std::size_t largest_answer = 64 * 1024;
  std::size_t largest_crl = 8 * 1024 * 1024;
  /// Certificates whose status is remembered.
  std::size_t most_statuses = 8192;
  /// CRLs that are remembered, in bytes as they came.
  std::size_t most_crl_bytes = 32 * 1024 * 1024;
};

/// Finds the status of certificates out: from what it remembers, else by
/// asking. One loop's thread.
class certificate_judge {
public:
  certificate_judge(loop& home, std::shared_ptr<resolver> names,
                    const revocation_limits& how);

  /// @param policy and `what` must outlive the task.
  task<certificate_status> judge(const revocation_policy& policy,
                                 const certificate_in_question& what);

  /// Asks a responder and verifies its answer.
  /// @param signer see `ocsp_exchange::judge`.
  /// @param answer receives its bytes where it is good or revoked.
  task<certificate_status> ask(std::string url, const ocsp_exchange& exchange,
                               X509* signer, std::string& answer);

private:
  task<certificate_status> by_standard(const standard_revocation& how,
                                       const certificate_in_question& what);
  task<certificate_status> by_ocsp(const revocation_policy* policy,
                                   const std::vector<std::string>& urls,
                                   const certificate_in_question& what);
  task<certificate_status> by_crl(const certificate_in_question& what);
  task<certificate_status> look_up(std::string url,
                                   const certificate_in_question& what);

  /// The exchange about a certificate that is under way, or a new one.
  std::shared_ptr<const ocsp_exchange>
  exchange_about(const certificate_in_question& what, bool nonce,
                 const std::string& realm);
  const certificate_status* remembered(const std::string& key);
  void remember(const std::string& key, const certificate_status& what);

  using crl_list = std::shared_ptr<const std::vector<crl_ptr>>;

  const revocation_limits limits_;
  fetch_pool fetches_;
  expiring_cache<certificate_status> statuses_;
  expiring_cache<crl_list> crls_;
  std::unordered_map<std::string, std::weak_ptr<const ocsp_exchange>>
      exchanges_;
};

} // namespace switchboard::net
