#include "net/ocsp_exchange.hpp"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "net/certificate_facts.hpp"
#include "net/openssl_ptr.hpp"
#include "net/tls_error.hpp"

namespace switchboard::net {

namespace {

/// Clocks differ.
constexpr long leeway = 300;

/// How old an answer may be that tells no end.
constexpr long endless_age = 3600;

/// How long it is used again.
constexpr std::time_t endless_use = 60;

/// The longest that any answer is used again.
constexpr std::time_t longest_use = 24 * 3600;

using answer_ptr = openssl_ptr<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using basic_ptr = openssl_ptr<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using store_ptr = openssl_ptr<X509_STORE, X509_STORE_free>;

certificate_status undetermined(std::string why) {
  return {revocation_state::undetermined, std::move(why), 0};
}

} // namespace

ocsp_exchange::ocsp_exchange(X509* certificate, X509* issuer, bool nonce)
    : issuer_(share(issuer)),
      // SHA-1 only finds the certificate; every responder knows it.
      id_(OCSP_cert_to_id(nullptr, certificate, issuer)),
      request_(OCSP_REQUEST_new()) {
  auto own = id_ ? OCSP_CERTID_dup(id_.get()) : nullptr;
  unsigned char* bytes = nullptr;
  auto size = id_ ? i2d_OCSP_CERTID(id_.get(), &bytes) : -1;
  if (size > 0 && request_ && own != nullptr
      && OCSP_request_add0_id(request_.get(), own) != nullptr) {
    own = nullptr;
    if (nonce)
      OCSP_request_add1_nonce(request_.get(), nullptr, -1);
    key_.assign(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  }
  OCSP_CERTID_free(own);
  OPENSSL_free(bytes);
  ERR_clear_error();
}

std::string ocsp_exchange::request() const {
  unsigned char* bytes = nullptr;
  auto size = i2d_OCSP_REQUEST(request_.get(), &bytes);
  std::string result;
  if (size > 0)
    result.assign(reinterpret_cast<char*>(bytes),
                  static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  ERR_clear_error();
  return result;
}

certificate_status ocsp_exchange::judge(std::string_view answer,
                                        X509* signer) const {
  ERR_clear_error();
  auto at = reinterpret_cast<const unsigned char*>(answer.data());
  answer_ptr outer{
      d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(answer.size()))};
  if (!outer) {
    ERR_clear_error();
    return undetermined("its answer is no OCSP");
  }
  auto status = OCSP_response_status(outer.get());
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return undetermined(std::string{"it answered "}
                        + OCSP_response_status_str(status));
  basic_ptr basic{OCSP_response_get1_basic(outer.get())};
  if (!basic) {
    ERR_clear_error();
    return undetermined("its answer is no basic OCSP");
  }
  // -1: the answer has none, as prepared ones have not.
  if (OCSP_check_nonce(request_.get(), basic.get()) == 0)
    return undetermined("its answer is to another question");
  if (auto wrong = check_signature(basic.get(), signer); !wrong.empty())
    return undetermined("its answer is not to be trusted: " + wrong);
  auto result = read(basic.get());
  ERR_clear_error();
  return result;
}

std::string ocsp_exchange::check_signature(OCSP_BASICRESP* answer,
                                           X509* signer) const {
  auto known = signer == nullptr ? issuer_.get() : signer;
  store_ptr store{X509_STORE_new()};
  std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> hints{
      sk_X509_new_null(), [](STACK_OF(X509) * list) {
        sk_X509_free(list);
      }};
  if (!store || !hints || sk_X509_push(hints.get(), known) == 0
      || X509_STORE_add_cert(store.get(), known) != 1)
    return last_tls_error();
  unsigned long how = OCSP_NOEXPLICIT | OCSP_PARTIAL_CHAIN;
  // An operator's own signer is trusted as it is, and nobody beside it.
  if (signer != nullptr)
    how |= OCSP_NOINTERN | OCSP_TRUSTOTHER;
  if (OCSP_basic_verify(answer, hints.get(), store.get(), how) == 1)
    return {};
  return ERR_peek_error() == 0 ? "its signer may not speak for the issuer"
                               : last_tls_error();
}

certificate_status ocsp_exchange::read(OCSP_BASICRESP* answer) const {
  int what = -1;
  int reason = -1;
  ASN1_GENERALIZEDTIME* since = nullptr;
  ASN1_GENERALIZEDTIME* from = nullptr;
  ASN1_GENERALIZEDTIME* until = nullptr;
  if (OCSP_resp_find_status(answer, id_.get(), &what, &reason, &since, &from,
                            &until)
      != 1)
    return undetermined("its answer is about another certificate");
  if (OCSP_check_validity(from, until, leeway,
                          until == nullptr ? endless_age : -1)
      != 1)
    return undetermined(
        "its answer is out of date: it is of " + text_of(from)
        + (until == nullptr ? std::string{} : ", until " + text_of(until)));
  auto now = std::time(nullptr);
  certificate_status result;
  result.until =
      std::min(until == nullptr ? now + endless_use : seconds_of(until),
               now + longest_use);
  switch (what) {
    case V_OCSP_CERTSTATUS_GOOD:
      result.what = revocation_state::good;
      return result;
    case V_OCSP_CERTSTATUS_REVOKED:
      result.what = revocation_state::revoked;
      result.detail = "since " + text_of(since);
      if (reason >= 0)
        result.detail += std::string{", "} + OCSP_crl_reason_str(reason);
      return result;
    default:
      return undetermined("it does not know the certificate");
  }
}

} // namespace switchboard::net
