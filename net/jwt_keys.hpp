#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "net/openssl_ptr.hpp"
#include "net/secret.hpp"

namespace switchboard::net {

/// Ways of signing a JSON Web Token (RFC 7518 §3.1, RFC 8037 §3.1) that are
/// taken. `none` is not among them.
enum class jwt_algorithm : std::uint8_t { hs256, rs256, es256, eddsa };

/// @returns none for another name, in another case too.
std::optional<jwt_algorithm> jwt_algorithm_of(std::string_view name) noexcept;

std::string_view name_of(jwt_algorithm algorithm) noexcept;

/// A key and the one way of signing that it is for, so that nobody can have a
/// public key taken for a shared secret.
struct jwt_key {
  /// `kid`; empty: it has none.
  std::string id;
  jwt_algorithm algorithm = jwt_algorithm::rs256;
  /// Null for `hs256`.
  openssl_ptr<EVP_PKEY, EVP_PKEY_free> key;
  /// Of `hs256`.
  secret shared;
};

using jwt_key_list = std::vector<jwt_key>;

/// The most keys of one file.
constexpr std::size_t most_jwt_keys = 64;

/// Reads public keys: RSA of at least 2,048 bits for RS256, P-256 for ES256,
/// Ed25519 for EdDSA.
/// @param text PEM, as `BEGIN PUBLIC KEY` or `BEGIN CERTIFICATE`; several
///        stand one behind the other.
/// @param problem receives a clause where the result is empty; nothing of the
///        text.
jwt_key_list read_pem_keys(std::string_view text, std::string& problem);

/// Reads a key set (RFC 7517 §5). What is for encryption, or of a kind that is
/// not taken, is passed over; what is broken is a problem.
jwt_key_list read_jwks(std::string_view text, std::string& problem);

/// A secret of at least 32 bytes (RFC 7518 §3.2) for HS256.
std::optional<jwt_key> make_shared_key(std::string_view bytes,
                                       std::string& problem);

/// Whether a signature over `signed_text` is the key's.
bool verify_signature(const jwt_key& key, std::string_view signed_text,
                      std::string_view signature);

} // namespace switchboard::net
