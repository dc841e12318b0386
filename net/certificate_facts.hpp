#pragma once

#include <ctime>
#include <string>
#include <vector>

#include <openssl/types.h>

namespace switchboard::net {

/// What a certificate says of itself, for the checks of its revocation.

/// The subject as RFC 2253 writes it, printable ASCII, at most 200 bytes.
std::string subject_of(const X509* certificate);

/// Its OCSP responders (RFC 5280 §4.2.2.1): those that HTTP reaches, in its
/// order, the first three.
std::vector<std::string> ocsp_urls_of(const X509* certificate);

/// Where CRLs about it are (RFC 5280 §4.2.1.13): those that HTTP reaches, of
/// its own issuer and for all reasons, the first three.
std::vector<std::string> crl_urls_of(const X509* certificate);

/// Seconds since 1970; 0 for null and for what is no time.
std::time_t seconds_of(const ASN1_TIME* time);

/// As "Nov 25 12:00:00 2026 GMT".
std::string text_of(const ASN1_TIME* time);

} // namespace switchboard::net
