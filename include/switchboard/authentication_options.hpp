#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace switchboard {

/// Where a handshake may bring its token.
enum class token_place : std::uint8_t {
  /// `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
  header,
  /// `Sec-WebSocket-Protocol: NAME, TOKEN`, what a page can do.
  subprotocol,
  cookie,
  /// A parameter of the query. Proxies and browsers keep addresses.
  query,
};

/// Lets in who shows a JSON Web Token (RFC 7519).
struct jwt_authentication {
  /// Exactly one of these three is set. PEM: public keys or certificates.
  std::string key_file;
  /// A key set (RFC 7517).
  std::string jwks_file;
  /// At least 32 bytes, for HS256.
  std::string secret;
  /// Of `HS256`, `RS256`, `ES256` and `EdDSA`; empty: whatever the keys are
  /// for.
  std::vector<std::string> algorithms;
  /// `iss`; empty: any, or none.
  std::string issuer;
  /// One of `aud`; empty: any, or none.
  std::vector<std::string> audience;
  /// How far clocks may be apart.
  std::chrono::nanoseconds clock_skew = std::chrono::seconds{30};
  /// Whether a token without `exp` is refused.
  bool require_expiry = true;
  /// Where tokens are looked for; the first that is found counts.
  std::vector<token_place> token_from{token_place::header};
  std::string cookie = "access_token";
  std::string query_parameter = "access_token";
  /// The subprotocol in front of the token.
  std::string subprotocol = "bearer";
  /// The claim whose strings are groups of the socket; empty: none.
  std::string groups_claim;
  /// Claims that a token must have: be it the value, a list with it, or a text
  /// of which it is a word. Who has them not is answered with 403.
  std::vector<std::pair<std::string, std::string>> required;
  std::string realm = "switchboard";

  friend bool operator==(const jwt_authentication&,
                         const jwt_authentication&) = default;
};

/// Lets in who knows a name and its password (RFC 7617).
struct basic_authentication {
  /// Lines `NAME:HASH` of htpasswd(1): bcrypt, SHA-256 or SHA-512 crypt.
  std::string password_file;
  std::string realm = "switchboard";

  friend bool operator==(const basic_authentication&,
                         const basic_authentication&) = default;
};

/// `[http_listener.NAME.authentication]`.
using listener_authentication =
    std::variant<jwt_authentication, basic_authentication>;

} // namespace switchboard
