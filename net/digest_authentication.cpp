#include "net/digest_authentication.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "net/header_values.hpp"
#include "net/secret.hpp"

namespace switchboard::net {

namespace {

struct named_hash {
  std::string_view name;
  digest_hash hash;
};

constexpr named_hash named_hashes[] = {
    {"MD5", digest_hash::md5},
    {"SHA-256", digest_hash::sha_256},
    {"SHA-512-256", digest_hash::sha_512_256},
};

const EVP_MD* function_of(digest_hash hash) noexcept {
  switch (hash) {
    case digest_hash::sha_256:
      return EVP_sha256();
    case digest_hash::sha_512_256:
      return EVP_sha512_256();
    case digest_hash::md5:
      break;
  }
  return EVP_md5();
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    result += digits[bytes[i] >> 4];
    result += digits[bytes[i] & 15];
  }
  return result;
}

/// The hash in hex of parts with colons between them. What the hex was made
/// of is wiped: with it goes the password.
std::string hashed(digest_hash hash,
                   std::initializer_list<std::string_view> parts) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{
      EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  bool good = context != nullptr
              && EVP_DigestInit_ex(context.get(), function_of(hash), nullptr);
  bool first = true;
  for (auto part : parts) {
    good = good && (first || EVP_DigestUpdate(context.get(), ":", 1))
           && EVP_DigestUpdate(context.get(), part.data(), part.size());
    first = false;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (!good || !EVP_DigestFinal_ex(context.get(), digest.data(), &size))
    throw std::runtime_error{"OpenSSL cannot compute a hash of Digest"};
  auto result = hex(digest.data(), size);
  OPENSSL_cleanse(digest.data(), digest.size());
  return result;
}

bool read_algorithm(const std::string& name, digest_challenge& result) {
  constexpr std::string_view suffix = "-sess";
  std::string_view base = name;
  if (base.size() > suffix.size()
      && equal_ignoring_case(base.substr(base.size() - suffix.size()),
                             suffix)) {
    base.remove_suffix(suffix.size());
    result.session = true;
  }
  for (auto& one : named_hashes) {
    if (equal_ignoring_case(base, one.name)) {
      result.algorithm = name;
      result.hash = one.hash;
      return true;
    }
  }
  return false;
}

bool says_true(const std::string* value) noexcept {
  return value != nullptr && equal_ignoring_case(*value, "true");
}

std::optional<digest_challenge> read_digest(const http_challenge& challenge) {
  auto* realm = challenge.parameter("realm");
  auto* nonce = challenge.parameter("nonce");
  if (!equal_ignoring_case(challenge.scheme, "Digest") || realm == nullptr
      || nonce == nullptr)
    return std::nullopt;
  digest_challenge result;
  result.realm = *realm;
  result.nonce = *nonce;
  if (auto* opaque = challenge.parameter("opaque"))
    result.opaque = *opaque;
  auto* algorithm = challenge.parameter("algorithm");
  if (algorithm != nullptr && !read_algorithm(*algorithm, result))
    return std::nullopt;
  if (auto* qop = challenge.parameter("qop")) {
    if (list_has_token(*qop, "auth"))
      result.qop = digest_qop::auth;
    else if (list_has_token(*qop, "auth-int"))
      result.qop = digest_qop::auth_int;
    else
      return std::nullopt;
  }
  // Without protection no nonce of ours may be sent, which sessions need.
  if (result.session && result.qop == digest_qop::none)
    return std::nullopt;
  result.hashes_username = says_true(challenge.parameter("userhash"));
  auto* charset = challenge.parameter("charset");
  result.utf8 = charset != nullptr && equal_ignoring_case(*charset, "UTF-8");
  return result;
}

std::string quoted(std::string_view text) {
  std::string result{"\""};
  for (auto c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  result += '"';
  return result;
}

/// RFC 8187 §3.2.
std::string extended_value(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view plain = "!#$&+-.^_`|~";
  std::string result{"UTF-8''"};
  for (auto c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z') || plain.find(c) != plain.npos) {
      result += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

/// The username parameter. Peers of RFC 2617 know no extended one: they get
/// the bytes as they are.
std::string username_parameter(const digest_challenge& challenge,
                               std::string_view username) {
  if (challenge.hashes_username)
    return "username="
           + quoted(hashed(challenge.hash, {username, challenge.realm}));
  bool ascii = std::all_of(username.begin(), username.end(),
                           [](char c) { return (c & 0x80) == 0; });
  if (ascii || (!challenge.utf8 && challenge.hash == digest_hash::md5))
    return "username=" + quoted(username);
  return "username*=" + extended_value(username);
}

std::string_view name_of(digest_qop qop) noexcept {
  return qop == digest_qop::auth_int ? "auth-int" : "auth";
}

std::string eight_digits(std::uint32_t count) {
  const unsigned char bytes[] = {
      static_cast<unsigned char>(count >> 24),
      static_cast<unsigned char>(count >> 16),
      static_cast<unsigned char>(count >> 8),
      static_cast<unsigned char>(count),
  };
  return hex(bytes, sizeof(bytes));
}

/// RFC 7616 §3.4.1.
std::string response(const digest_use& use, std::string_view username,
                     std::string_view password, std::string_view method,
                     std::string_view uri) {
  auto& challenge = use.challenge;
  auto hash = challenge.hash;
  secret user_hash{hashed(hash, {username, challenge.realm, password})};
  if (challenge.session)
    user_hash =
        secret{hashed(hash, {user_hash.view(), challenge.nonce, use.cnonce})};
  auto request_hash = challenge.qop == digest_qop::auth_int
                          ? hashed(hash, {method, uri, hashed(hash, {""})})
                          : hashed(hash, {method, uri});
  if (challenge.qop == digest_qop::none)
    return hashed(hash, {user_hash.view(), challenge.nonce, request_hash});
  return hashed(hash,
                {user_hash.view(), challenge.nonce, eight_digits(use.count),
                 use.cnonce, name_of(challenge.qop), request_hash});
}

} // namespace

std::optional<digest_challenge>
choose_digest(const std::vector<http_challenge>& challenges) {
  std::optional<digest_challenge> result;
  for (auto& one : challenges) {
    auto digest = read_digest(one);
    if (digest && (!result || digest->hash > result->hash))
      result = std::move(digest);
  }
  return result;
}

bool says_stale(const std::vector<http_challenge>& challenges) noexcept {
  return std::any_of(challenges.begin(), challenges.end(), [](auto& one) {
    return equal_ignoring_case(one.scheme, "Digest")
           && says_true(one.parameter("stale"));
  });
}

std::string make_cnonce() {
  std::array<unsigned char, 16> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error{"no random bytes for a nonce of Digest"};
  return hex(bytes.data(), bytes.size());
}

std::optional<std::string> digest_credentials(const digest_use& use,
                                              std::string_view username,
                                              std::string_view password,
                                              std::string_view method,
                                              std::string_view uri) {
  if (!is_header_value(username))
    return std::nullopt;
  auto& challenge = use.challenge;
  auto result = "Digest " + username_parameter(challenge, username)
                + ", realm=" + quoted(challenge.realm)
                + ", nonce=" + quoted(challenge.nonce) + ", uri=" + quoted(uri);
  if (!challenge.algorithm.empty())
    result += ", algorithm=" + challenge.algorithm;
  if (challenge.qop != digest_qop::none) {
    result += ", nc=" + eight_digits(use.count);
    result += ", cnonce=" + quoted(use.cnonce);
    result += ", qop=";
    result += name_of(challenge.qop);
  }
  result +=
      ", response=" + quoted(response(use, username, password, method, uri));
  if (challenge.opaque)
    result += ", opaque=" + quoted(*challenge.opaque);
  if (challenge.hashes_username)
    result += ", userhash=true";
  return result;
}

} // namespace switchboard::net
