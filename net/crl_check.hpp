#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/x509.h>

#include "net/ocsp_exchange.hpp"
#include "net/openssl_ptr.hpp"

namespace switchboard::net {

using crl_ptr = openssl_ptr<X509_CRL, X509_CRL_free>;

/// Reads CRLs: one in DER, or any number in PEM.
/// @returns empty where there is none, or one cannot be read.
std::vector<crl_ptr> parse_crls(std::string_view bytes);

/// The same from a file of at most 8 MiB.
/// @param problem receives words that follow the file's name where the result
///        is empty.
std::vector<crl_ptr> read_crl_file(const std::string& path,
                                   std::string& problem);

/// What CRLs tell of a certificate (RFC 5280 §6.3): only those of its issuer
/// count, signed by it, whose time is now and whose scope it is in.
certificate_status judge_by_crls(X509* certificate, X509* issuer,
                                 std::span<const crl_ptr> crls);

} // namespace switchboard::net
