#pragma once

#include <string>

#include <openssl/types.h>

#include <switchboard/tls_options.hpp>

namespace switchboard::net {

/// Applies the enabled protocols and cipher suites.
/// @param problem receives one sentence where the result is false: a name
///        that is unknown, or that nothing is left to speak.
bool apply_tls_rules(SSL_CTX* context, const tls_options& options,
                     std::string& problem);

} // namespace switchboard::net
