#pragma once

#include <string>
#include <variant>

namespace switchboard {

/// Asks what each certificate itself names: its OCSP responders first, then
/// its CRLs. Means what Java's `PKIXRevocationChecker.Option` means.
struct standard_revocation {
  /// Only the peer's own certificate is checked, not those above it.
  bool only_end_entities = false;
  /// CRLs first, then OCSP.
  bool prefer_crls = false;
  /// The first of the two ways only.
  bool no_fallback = false;
  /// A status that cannot be had passes; a revoked certificate never does.
  bool soft_fail = false;

  friend bool operator==(const standard_revocation&,
                         const standard_revocation&) = default;
};

/// Asks one OCSP responder about all certificates, whatever they name.
struct custom_ocsp_responder {
  /// `http://…`
  std::string url;
  /// Of the certificate in the trust store that signs the answers; empty: the
  /// issuer of the certificate in question, or whom it has named.
  std::string cert_alias;

  friend bool operator==(const custom_ocsp_responder&,
                         const custom_ocsp_responder&) = default;
};

/// Looks all certificates up in the CRLs of a file, in PEM or DER.
struct crl_file {
  std::string path;

  friend bool operator==(const crl_file&, const crl_file&) = default;
};

using revocation_options =
    std::variant<standard_revocation, custom_ocsp_responder, crl_file>;

} // namespace switchboard
