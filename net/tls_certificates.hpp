#pragma once

#include <openssl/types.h>

#include <switchboard/peer_certificate.hpp>

namespace switchboard::net {

/// What events tell of a certificate.
peer_certificate describe_certificate(X509* certificate);

} // namespace switchboard::net
