#pragma once

#include <string>

namespace switchboard {

/// The certificate that a client has shown in the TLS handshake.
struct peer_certificate {
  /// Distinguished names as RFC 4514 writes them, in UTF-8.
  std::string subject;
  std::string issuer;
  /// Hexadecimal, upper case.
  std::string serial;
  /// SHA-256, hexadecimal, upper case, a colon between two bytes.
  std::string fingerprint;
  /// The certificate itself; empty where none was shown.
  std::string pem;

  bool empty() const noexcept {
    return pem.empty();
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 peer_certificate& x) {
    return f(x.subject, x.issuer, x.serial, x.fingerprint, x.pem);
  }
};

} // namespace switchboard
