#include "net/ocsp_stapler.hpp"

#include <exception>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/certificate_facts.hpp"
#include "net/openssl_ptr.hpp"

namespace switchboard::net {

namespace {

/// Among what is sent along with the certificate, else among what is trusted.
x509_ptr issuer_of(SSL_CTX* context, X509* certificate) {
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  for (int i = 0; i < sk_X509_num(chain); ++i)
    if (X509_check_issued(sk_X509_value(chain, i), certificate) == X509_V_OK)
      return share(sk_X509_value(chain, i));
  openssl_ptr<X509_STORE_CTX, X509_STORE_CTX_free> work{X509_STORE_CTX_new()};
  X509* found = nullptr;
  if (work
      && X509_STORE_CTX_init(work.get(), SSL_CTX_get_cert_store(context),
                             certificate, nullptr)
             == 1)
    X509_STORE_CTX_get1_issuer(&found, work.get(), certificate);
  return x509_ptr{found};
}

} // namespace

std::unique_ptr<ocsp_stapler> ocsp_stapler::make(SSL_CTX* context) {
  ERR_clear_error();
  auto certificate = SSL_CTX_get0_certificate(context);
  auto urls = certificate == nullptr ? std::vector<std::string>{}
                                     : ocsp_urls_of(certificate);
  auto issuer = urls.empty() ? nullptr : issuer_of(context, certificate);
  ERR_clear_error();
  if (!issuer)
    return nullptr;
  std::unique_ptr<ocsp_stapler> result{
      new ocsp_stapler{std::make_shared<staple_box>(
          share(certificate), std::move(issuer), std::move(urls))}};
  SSL_CTX_set_tlsext_status_cb(context, on_request);
  SSL_CTX_set_tlsext_status_arg(context, result.get());
  return result;
}

void ocsp_stapler::start() {
  std::call_once(started_, [this] {
    try {
      service_ = revocation_service::shared();
      service_->keep_fresh(box_);
    } catch (const std::exception&) {
      // No descriptors are left: it goes without, as every start does.
    }
  });
}

int ocsp_stapler::on_request(SSL* connection, void* self) {
  auto answer = static_cast<ocsp_stapler*>(self)->box_->get();
  if (answer.empty())
    return SSL_TLSEXT_ERR_NOACK;
  auto copy = OPENSSL_memdup(answer.data(), answer.size());
  if (copy == nullptr)
    return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(connection, copy,
                                  static_cast<long>(answer.size()));
  return SSL_TLSEXT_ERR_OK;
}

} // namespace switchboard::net
