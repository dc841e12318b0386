#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <switchboard/revocation_options.hpp>
#include <switchboard/source_place.hpp>

namespace switchboard {

/// How the certificates of a store are written down.
enum class store_type : std::uint8_t {
  /// Found out from the content.
  automatic,
  pem,
  pkcs12,
  /// Java's own; its sibling JCEKS is not read.
  jks,
};

/// Certificates that are trusted, in a file.
struct trust_store_options {
  /// Empty: the system's.
  std::string path;
  std::string password;
  store_type type = store_type::automatic;
  /// The peer's certificate is not looked at.
  bool insecure = false;

  friend bool operator==(const trust_store_options&,
                         const trust_store_options&) = default;
};

/// Our certificate with its chain and private key, in a file.
struct key_store_options {
  std::string path;
  store_type type = store_type::automatic;
  /// Which of several keys; empty: the first.
  std::string alias;
  /// Of the key within the store; empty: `password`.
  std::string key_password;
  std::string password;

  friend bool operator==(const key_store_options&,
                         const key_store_options&) = default;
};

/// Whether a listener asks its peers for a certificate.
enum class client_authentication : std::uint8_t { none, optional, required };

/// `[tls.NAME]`: for listeners and for clients.
struct tls_options {
  std::string name;
  /// Of `TLSv1`, `TLSv1.1`, `TLSv1.2`, `TLSv1.3`; empty: the last two.
  std::vector<std::string> enabled_protocols;
  /// IANA's or OpenSSL's names; empty: OpenSSL's choice.
  std::vector<std::string> enabled_cipher_suites;
  trust_store_options trust_store;
  std::optional<key_store_options> key_store;
  /// How certificates of peers are checked for having been revoked; unset:
  /// not at all.
  std::optional<revocation_options> revocation;
  client_authentication client_auth = client_authentication::none;
  source_place at;

  friend bool operator==(const tls_options&, const tls_options&) = default;
};

/// Whether a certificate that a server of these options has taken says who its
/// client is: the system's trust store lets in whoever owns a name.
inline bool vouches_for_clients(const tls_options& options) {
  return options.client_auth != client_authentication::none
         && !options.trust_store.insecure && !options.trust_store.path.empty();
}

} // namespace switchboard
