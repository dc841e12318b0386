#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include <openssl/ocsp.h>

#include "net/openssl_ptr.hpp"
#include "net/tls_store.hpp"

namespace switchboard::net {

enum class revocation_state : std::uint8_t {
  good,
  revoked,
  /// Nobody has told; see `certificate_status::detail`.
  undetermined,
};

/// What came out about one certificate.
struct certificate_status {
  revocation_state what = revocation_state::undetermined;
  /// Why it is undetermined, or since when it is revoked and why.
  std::string detail;
  /// Until when that holds; 0: now only.
  std::time_t until = 0;
};

/// One question to an OCSP responder (RFC 6960) and what its answer is worth.
class ocsp_exchange {
public:
  /// @param nonce whether the answer shall repeat a number that nobody could
  ///        foresee; responders that prepare their answers leave it out.
  ocsp_exchange(X509* certificate, X509* issuer, bool nonce);

  /// Tells the certificate from every other; empty where memory has run out.
  const std::string& key() const noexcept {
    return key_;
  }

  /// What is sent.
  std::string request() const;

  /// @param signer who has to have signed; null: the issuer, or whom it has
  ///        named for that (`id-kp-OCSPSigning`).
  certificate_status judge(std::string_view answer, X509* signer) const;

private:
  std::string check_signature(OCSP_BASICRESP* answer, X509* signer) const;
  certificate_status read(OCSP_BASICRESP* answer) const;

  x509_ptr issuer_;
  openssl_ptr<OCSP_CERTID, OCSP_CERTID_free> id_;
  openssl_ptr<OCSP_REQUEST, OCSP_REQUEST_free> request_;
  std::string key_;
};

} // namespace switchboard::net
