#include "net/revocation_guard.hpp"

#include <exception>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "net/openssl_ptr.hpp"
#include "net/tls_store.hpp"

namespace switchboard::net {

namespace {

void free_chain(STACK_OF(X509) * chain) {
  sk_X509_pop_free(chain, X509_free);
}

using chain_ptr = openssl_ptr<STACK_OF(X509), free_chain>;

/// Verifies a certificate as a handshake does.
/// @param hints what may stand between it and a root; may be null.
/// @returns null where it does not pass.
chain_ptr verified_chain(SSL* connection, X509* certificate,
                         STACK_OF(X509) * hints) {
  openssl_ptr<X509_STORE_CTX, X509_STORE_CTX_free> work{X509_STORE_CTX_new()};
  chain_ptr result;
  ERR_clear_error();
  auto store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(connection));
  if (work && X509_STORE_CTX_init(work.get(), store, certificate, hints) == 1) {
    X509_STORE_CTX_set_default(work.get(), SSL_is_server(connection) == 1
                                               ? "ssl_client"
                                               : "ssl_server");
    X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(work.get()),
                           SSL_get0_param(connection));
    if (X509_verify_cert(work.get()) == 1)
      result.reset(X509_STORE_CTX_get1_chain(work.get()));
  }
  ERR_clear_error();
  return result;
}

/// A ticket holds the certificate of its peer and none of those above it:
/// where these are not in the trust store, the peer has to show them again.
SSL_TICKET_RETURN judge_ticket(SSL* connection, SSL_SESSION* session,
                               const unsigned char*, std::size_t,
                               SSL_TICKET_STATUS status, void*) {
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  auto peer = SSL_SESSION_get0_peer(session);
  if (peer != nullptr && !verified_chain(connection, peer, nullptr))
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
                                      : SSL_TICKET_RETURN_USE_RENEW;
}

bool find_signer(const tls_options& options, const std::string& alias,
                 revocation_policy& out, std::string& problem) {
  auto& from = options.trust_store;
  if (from.path.empty()) {
    problem = "no trust store is named for the certificate `" + alias + "`";
    return false;
  }
  std::string cause;
  auto store =
      read_store(from.path, from.type, {from.password, {}}, false, cause);
  auto found = store ? find_certificate(*store, alias) : nullptr;
  if (found == nullptr) {
    problem = "trust store " + from.path + " "
              + (store ? "holds no certificate called `" + alias + "`" : cause);
    return false;
  }
  out.signer = share(found);
  unsigned char* bytes = nullptr;
  if (auto size = i2d_X509(found, &bytes); size > 0)
    out.signer_id.assign(reinterpret_cast<char*>(bytes),
                         static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return true;
}

} // namespace

std::unique_ptr<revocation_guard>
revocation_guard::make(SSL_CTX* context, const tls_options& options,
                       std::string& problem) {
  // What is not looked at is not checked either.
  if (!options.revocation || options.trust_store.insecure)
    return nullptr;
  auto policy = std::make_shared<revocation_policy>();
  policy->how = *options.revocation;
  if (auto how = std::get_if<custom_ocsp_responder>(&policy->how)) {
    policy->signer_id = how->url;
    if (!how->cert_alias.empty()
        && !find_signer(options, how->cert_alias, *policy, problem))
      return nullptr;
  }
  if (auto how = std::get_if<crl_file>(&policy->how)) {
    std::string cause;
    policy->crls = read_crl_file(how->path, cause);
    if (policy->crls.empty()) {
      problem = "CRL file " + how->path + " " + cause;
      return nullptr;
    }
  }
  SSL_CTX_set_session_ticket_cb(context, nullptr, judge_ticket, nullptr);
  try {
    return std::unique_ptr<revocation_guard>{
        new revocation_guard{std::move(policy)}};
  } catch (const std::exception& failure) {
    problem = std::string{"revocation cannot be checked: "} + failure.what();
    return nullptr;
  }
}

void revocation_guard::prepare(SSL* connection) const {
  auto how = std::get_if<standard_revocation>(&policy_->how);
  if (how != nullptr && !(how->prefer_crls && how->no_fallback))
    SSL_set_tlsext_status_type(connection, TLSEXT_STATUSTYPE_ocsp);
}

std::shared_ptr<pending_verdict>
revocation_guard::begin(SSL* connection, std::string& problem) const {
  auto peer = SSL_get0_peer_certificate(connection);
  if (peer == nullptr)
    return nullptr;
  auto chain = SSL_get0_verified_chain(connection);
  chain_ptr again;
  // A resumed session has shown nothing; its chain is made anew.
  if (sk_X509_num(chain) <= 0) {
    again =
        verified_chain(connection, peer, SSL_get_peer_cert_chain(connection));
    chain = again.get();
  }
  if (sk_X509_num(chain) <= 0) {
    problem = "the certificate of the resumed session is not valid any more";
    return nullptr;
  }
  chain_in_question what;
  what.policy = policy_;
  auto how = std::get_if<standard_revocation>(&policy_->how);
  auto first_only = how != nullptr && how->only_end_entities;
  // The last one is trusted as it stands.
  for (int i = 0; i + 1 < sk_X509_num(chain) && (i == 0 || !first_only); ++i)
    what.certificates.push_back({share(sk_X509_value(chain, i)),
                                 share(sk_X509_value(chain, i + 1)),
                                 {}});
  if (what.certificates.empty())
    return nullptr;
  const unsigned char* staple = nullptr;
  auto size = SSL_get_tlsext_status_ocsp_resp(connection, &staple);
  if (SSL_is_server(connection) == 0 && staple != nullptr && size > 0)
    what.certificates.front().staple.assign(
        reinterpret_cast<const char*>(staple), static_cast<std::size_t>(size));
  auto result = pending_verdict::make();
  if (!result) {
    problem = "revocation cannot be checked: no descriptors are left";
    return nullptr;
  }
  service_->check(std::move(what),
                  [result](std::string why) { result->tell(std::move(why)); });
  return result;
}

} // namespace switchboard::net
