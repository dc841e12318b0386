#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_challenge.hpp"

namespace switchboard::net {

/// Hash functions of RFC 7616 §3.2, the stronger the later.
enum class digest_hash : std::uint8_t {
  md5,
  sha_256,
  sha_512_256,
};

/// What Digest protects beside the user's name and password.
enum class digest_qop : std::uint8_t {
  /// As RFC 2069 had it: neither count nor nonce of ours.
  none,
  auth,
  /// The body as well; ours is empty.
  auth_int,
};

/// A Digest challenge that we can answer.
struct digest_challenge {
  std::string realm;
  std::string nonce;
  std::optional<std::string> opaque;
  /// As the peer wrote it; empty where it wrote none.
  std::string algorithm;
  digest_hash hash = digest_hash::md5;
  /// Whether the algorithm's name ends in `-sess`.
  bool session = false;
  digest_qop qop = digest_qop::none;
  bool hashes_username = false;
  /// Whether the peer expects names and passwords in UTF-8.
  bool utf8 = false;

  friend bool operator==(const digest_challenge&,
                         const digest_challenge&) = default;
};

/// A challenge and how often it was answered.
struct digest_use {
  digest_challenge challenge;
  /// Ours; one for all uses of a nonce, as `-sess` demands.
  std::string cnonce;
  /// 1 for the first.
  std::uint32_t count = 0;
};

/// Picks what to answer: the strongest hash, of equals the first. `auth` comes
/// before `auth-int`; `domain` is passed over.
/// @returns nothing where no Digest challenge can be answered: no realm or
///          nonce, an unknown algorithm, unknown protection only, `-sess`
///          without protection.
std::optional<digest_challenge>
choose_digest(const std::vector<http_challenge>& challenges);

/// Whether a Digest challenge says that only the nonce was too old.
bool says_stale(const std::vector<http_challenge>& challenges) noexcept;

/// 128 random bits in hex.
/// @throws std::runtime_error where the system gives no random bytes.
std::string make_cnonce();

/// The value of Authorization or Proxy-Authorization (RFC 7616 §3.4).
/// @param uri the request's target as it is written on the wire.
/// @returns nothing where the username holds control characters.
/// @throws std::runtime_error where OpenSSL lacks the hash.
std::optional<std::string> digest_credentials(const digest_use& use,
                                              std::string_view username,
                                              std::string_view password,
                                              std::string_view method,
                                              std::string_view uri);

} // namespace switchboard::net
