#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <switchboard/tls_options.hpp>

namespace switchboard::net {

struct x509_release {
  void operator()(X509* what) const noexcept {
    X509_free(what);
  }
};

struct key_release {
  void operator()(EVP_PKEY* what) const noexcept {
    EVP_PKEY_free(what);
  }
};

using x509_ptr = std::unique_ptr<X509, x509_release>;
using key_ptr = std::unique_ptr<EVP_PKEY, key_release>;

/// What a store holds.
struct tls_store {
  struct key_entry {
    /// Empty where the store's type has none.
    std::string alias;
    /// Null where the password does not open it: others may be opened by
    /// theirs.
    key_ptr key;
    /// Of the key; null where the store has none that fits.
    x509_ptr certificate;
    /// What leads from it to a root, in order.
    std::vector<x509_ptr> chain;
  };

  std::vector<key_entry> keys;
  /// Every certificate, for trust. Its alias in the store is its own
  /// (`X509_alias_get0`).
  std::vector<x509_ptr> certificates;
};

/// What opens a store.
struct store_secrets {
  std::string_view password;
  /// Of the keys in it; empty: `password`.
  std::string_view key_password;
};

/// Another reference to the same certificate.
inline x509_ptr share(X509* what) noexcept {
  X509_up_ref(what);
  return x509_ptr{what};
}

/// Reads a file of at most 8 MiB whole.
/// @param problem receives the cause where the result is `nullopt`: words
///        that follow the file's name, as "cannot be read: …".
std::optional<std::string> read_file(const std::string& path,
                                     std::string& problem);

/// Reads a store from a file of at most 8 MiB.
/// @param keys whether its private keys are wanted; else they are not even
///        decrypted.
/// @param problem receives the cause where the result is `nullopt`: words
///        that follow the file's name, as "cannot be read: …". No secret.
std::optional<tls_store> read_store(const std::string& path, store_type type,
                                    const store_secrets& secrets, bool keys,
                                    std::string& problem);

/// The formats, from memory; `problem` as above.
std::optional<tls_store> parse_pem(std::string_view text,
                                   const store_secrets& secrets, bool keys,
                                   std::string& problem);
std::optional<tls_store> parse_pkcs12(std::string_view bytes,
                                      const store_secrets& secrets, bool keys,
                                      std::string& problem);

/// Java's own format. Without a password certificates are read unchecked, as
/// Java does it.
std::optional<tls_store> parse_jks(std::string_view bytes,
                                   const store_secrets& secrets, bool keys,
                                   std::string& problem);

/// Finds the certificate of a trust store that an alias names, without regard
/// to case; PEM has no aliases, there the common name of its subject stands
/// for it.
/// @returns null where none is called so.
X509* find_certificate(const tls_store& store, const std::string& alias);

/// Finds the key that a key store is for and says what keeps it from being
/// used.
/// @returns the place in `store.keys`.
std::optional<std::size_t> choose_key(const tls_store& store,
                                      const std::string& alias,
                                      std::string& problem);

} // namespace switchboard::net
