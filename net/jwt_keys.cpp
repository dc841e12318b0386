#include "net/jwt_keys.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net/base64.hpp"

namespace switchboard::net {

namespace {

namespace json = boost::json;

using key_ptr = openssl_ptr<EVP_PKEY, EVP_PKEY_free>;
using number_ptr = openssl_ptr<BIGNUM, BN_free>;

constexpr int least_rsa_bits = 2048;
/// Whoever verifies with a larger one spends milliseconds.
constexpr int most_rsa_bits = 8192;
constexpr std::size_t least_secret_bytes = 32;
constexpr std::size_t coordinate_bytes = 32;

constexpr std::array<std::pair<std::string_view, jwt_algorithm>, 4> algorithms{
    {{"HS256", jwt_algorithm::hs256},
     {"RS256", jwt_algorithm::rs256},
     {"ES256", jwt_algorithm::es256},
     {"EdDSA", jwt_algorithm::eddsa}}};

/// Whether a signature can be told from the text that it is for: with 1 it is
/// that text, and even exponents are none.
bool has_good_exponent(EVP_PKEY* rsa) {
  BIGNUM* number = nullptr;
  auto found = EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_E, &number);
  number_ptr exponent{number};
  return found == 1 && BN_is_odd(exponent.get()) && !BN_is_one(exponent.get());
}

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// What a public key is for.
std::optional<jwt_algorithm> algorithm_for(EVP_PKEY* key,
                                           std::string& problem) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: {
      auto bits = EVP_PKEY_get_bits(key);
      if (bits >= least_rsa_bits && bits <= most_rsa_bits) {
        if (has_good_exponent(key))
          return jwt_algorithm::rs256;
        problem = "an RSA key has an exponent that proves nothing";
        return std::nullopt;
      }
      problem = "an RSA key has " + std::to_string(bits)
                + " bits, expected 2048 to 8192";
      return std::nullopt;
    }
    case EVP_PKEY_EC: {
      std::array<char, 64> curve{};
      if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1
          && std::string_view{curve.data()} == SN_X9_62_prime256v1)
        return jwt_algorithm::es256;
      problem = "an elliptic curve is not P-256";
      return std::nullopt;
    }
    case EVP_PKEY_ED25519:
      return jwt_algorithm::eddsa;
    default:
      problem = "a key is neither RSA nor P-256 nor Ed25519";
      return std::nullopt;
  }
}

key_ptr read_pem(const char* name, const unsigned char* data, long size) {
  std::string_view what{name};
  if (what == PEM_STRING_PUBLIC)
    return key_ptr{d2i_PUBKEY(nullptr, &data, size)};
  if (what != PEM_STRING_X509)
    return nullptr;
  openssl_ptr<X509, X509_free> certificate{d2i_X509(nullptr, &data, size)};
  return key_ptr{certificate ? X509_get_pubkey(certificate.get()) : nullptr};
}

// -- key sets
// -------------------------------------------------------------------

std::optional<std::string> text_at(const json::object& from,
                                   std::string_view name) {
  auto found = from.if_contains(name);
  if (!found || !found->is_string())
    return std::nullopt;
  return std::string{found->get_string()};
}

std::optional<std::string> bytes_at(const json::object& from,
                                    std::string_view name) {
  auto text = text_at(from, name);
  return text ? from_base64url(*text) : std::nullopt;
}

key_ptr make_key(const char* type, OSSL_PARAM_BLD* parts) {
  openssl_ptr<OSSL_PARAM, OSSL_PARAM_free> built{
      OSSL_PARAM_BLD_to_param(parts)};
  openssl_ptr<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context{
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* made = nullptr;
  if (!built || !context || EVP_PKEY_fromdata_init(context.get()) != 1
      || EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY,
                           built.get())
             != 1)
    return nullptr;
  return key_ptr{made};
}

key_ptr rsa_key(const json::object& from) {
  auto modulus = bytes_at(from, "n");
  auto exponent = bytes_at(from, "e");
  if (!modulus || !exponent || modulus->size() > most_rsa_bits / 8
      || exponent->size() > 8)
    return nullptr;
  auto number = [](const std::string& bytes) {
    return number_ptr{
        BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)};
  };
  auto n = number(*modulus);
  auto e = number(*exponent);
  openssl_ptr<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> parts{OSSL_PARAM_BLD_new()};
  if (!parts || !n || !e
      || OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get())
             != 1
      || OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get())
             != 1)
    return nullptr;
  return make_key("RSA", parts.get());
}

key_ptr curve_key(const json::object& from) {
  auto x = bytes_at(from, "x");
  auto y = bytes_at(from, "y");
  if (!x || !y || x->size() != coordinate_bytes || y->size() != x->size())
    return nullptr;
  auto point = '\4' + *x + *y; // uncompressed, SEC 1 §2.3.3
  openssl_ptr<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> parts{OSSL_PARAM_BLD_new()};
  if (!parts
      || OSSL_PARAM_BLD_push_utf8_string(
             parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0)
             != 1
      || OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                          point.data(), point.size())
             != 1)
    return nullptr;
  return make_key("EC", parts.get());
}

key_ptr edwards_key(const json::object& from) {
  auto x = bytes_at(from, "x");
  return key_ptr{x ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                 bytes_of(*x), x->size())
                   : nullptr};
}

/// Whether a key is for checking signatures (RFC 7517 §4.2, §4.3).
bool is_for_signatures(const json::object& from) {
  if (text_at(from, "use").value_or("sig") != "sig")
    return false;
  auto uses = from.if_contains("key_ops");
  if (!uses || !uses->is_array())
    return true;
  auto& list = uses->get_array();
  return std::find(list.begin(), list.end(), "verify") != list.end();
}

/// @returns none with an empty problem: it is not for us.
std::optional<jwt_key> read_jwk(const json::object& from,
                                std::string& problem) {
  auto type = text_at(from, "kty").value_or("");
  auto curve = text_at(from, "crv").value_or("");
  auto named = text_at(from, "alg");
  if (!is_for_signatures(from) || (named && !jwt_algorithm_of(*named)))
    return std::nullopt;
  std::optional<jwt_key> result;
  if (type == "oct") {
    auto bytes = bytes_at(from, "k");
    if (!bytes)
      problem = "a shared key is no base64url";
    else
      result = make_shared_key(*bytes, problem);
  } else {
    key_ptr key;
    if (type == "RSA")
      key = rsa_key(from);
    else if (type == "EC" && curve == "P-256")
      key = curve_key(from);
    else if (type == "OKP" && curve == "Ed25519")
      key = edwards_key(from);
    else
      return std::nullopt;
    if (!key) {
      problem = "a key of the type " + type + " is broken";
      return std::nullopt;
    }
    auto algorithm = algorithm_for(key.get(), problem);
    if (!algorithm)
      return std::nullopt;
    result.emplace();
    result->algorithm = *algorithm;
    result->key = std::move(key);
  }
  if (result && named && jwt_algorithm_of(*named) != result->algorithm) {
    problem = "a key's type is not that of its alg";
    return std::nullopt;
  }
  if (result)
    result->id = text_at(from, "kid").value_or("");
  return result;
}

// -- signatures
// -----------------------------------------------------------------

bool verify_shared(const secret& key, std::string_view text,
                   std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> expected{};
  unsigned size = 0;
  auto bytes = key.view();
  return HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()),
              bytes_of(text), text.size(), expected.data(), &size)
             != nullptr
         && signature.size() == size
         && CRYPTO_memcmp(expected.data(), signature.data(), size) == 0;
}

/// The two numbers of a token (RFC 7518 §3.4) as OpenSSL wants them.
std::string as_der(std::string_view signature) {
  if (signature.size() != 2 * coordinate_bytes)
    return {};
  auto number = [&](std::size_t from) {
    return number_ptr{BN_bin2bn(bytes_of(signature.substr(from)),
                                static_cast<int>(coordinate_bytes), nullptr)};
  };
  auto r = number(0);
  auto s = number(coordinate_bytes);
  openssl_ptr<ECDSA_SIG, ECDSA_SIG_free> both{ECDSA_SIG_new()};
  if (!r || !s || !both || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1)
    return {};
  // Owned by both of them together now.
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  unsigned char* out = nullptr;
  auto size = i2d_ECDSA_SIG(both.get(), &out);
  if (size <= 0)
    return {};
  std::string result{reinterpret_cast<char*>(out),
                     static_cast<std::size_t>(size)};
  OPENSSL_free(out);
  return result;
}

} // namespace

std::optional<jwt_algorithm> jwt_algorithm_of(std::string_view name) noexcept {
  for (auto& [known, algorithm] : algorithms)
    if (known == name)
      return algorithm;
  return std::nullopt;
}

std::string_view name_of(jwt_algorithm algorithm) noexcept {
  return algorithms[static_cast<std::size_t>(algorithm)].first;
}

jwt_key_list read_pem_keys(std::string_view text, std::string& problem) {
  jwt_key_list result;
  openssl_ptr<BIO, BIO_free_all> from{
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  ERR_clear_error();
  while (from && problem.empty()
         && PEM_read_bio(from.get(), &name, &header, &data, &size) == 1) {
    auto key = read_pem(name, data, size);
    if (std::string_view{name}.find("PRIVATE") != std::string_view::npos)
      problem = "it holds a private key, which does not belong here";
    else if (!key)
      problem = "it holds what is neither a public key nor a certificate";
    else if (result.size() == most_jwt_keys)
      problem = "it holds too many keys";
    else if (auto algorithm = algorithm_for(key.get(), problem))
      result.push_back({{}, *algorithm, std::move(key), {}});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  // The end is a line too that begins nothing; anything else is a mistake, a
  // file of which not all is there among them.
  auto last = ERR_peek_last_error();
  if (problem.empty() && last != 0
      && (ERR_GET_LIB(last) != ERR_LIB_PEM
          || ERR_GET_REASON(last) != PEM_R_NO_START_LINE))
    problem = "its PEM is broken";
  ERR_clear_error();
  if (!problem.empty())
    result.clear();
  else if (result.empty())
    problem = "it holds no public key in PEM";
  return result;
}

jwt_key_list read_jwks(std::string_view text, std::string& problem) {
  jwt_key_list result;
  boost::system::error_code wrong;
  auto whole = json::parse(json::string_view{text.data(), text.size()}, wrong);
  auto set = !wrong && whole.is_object()
                 ? whole.get_object().if_contains("keys")
                 : nullptr;
  if (!set || !set->is_array()) {
    problem = "it is no set of keys, expected {\"keys\": [ … ]}";
    return result;
  }
  for (auto& each : set->get_array()) {
    if (!each.is_object())
      problem = "one of its keys is no object";
    else if (result.size() == most_jwt_keys)
      problem = "it holds too many keys";
    else if (auto key = read_jwk(each.get_object(), problem))
      result.push_back(std::move(*key));
    if (!problem.empty())
      break;
  }
  ERR_clear_error();
  if (!problem.empty())
    result.clear();
  else if (result.empty())
    problem = "none of its keys can check a signature of ours";
  return result;
}

std::optional<jwt_key> make_shared_key(std::string_view bytes,
                                       std::string& problem) {
  if (bytes.size() < least_secret_bytes) {
    problem = "a secret is shorter than 32 bytes";
    return std::nullopt;
  }
  jwt_key result;
  result.algorithm = jwt_algorithm::hs256;
  result.shared = secret{bytes};
  return result;
}

bool verify_signature(const jwt_key& key, std::string_view signed_text,
                      std::string_view signature) {
  if (key.algorithm == jwt_algorithm::hs256)
    return verify_shared(key.shared, signed_text, signature);
  std::string der;
  if (key.algorithm == jwt_algorithm::es256)
    signature = der = as_der(signature);
  auto digest = key.algorithm == jwt_algorithm::eddsa ? nullptr : EVP_sha256();
  openssl_ptr<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  auto result =
      context && !signature.empty()
      && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr,
                              key.key.get())
             == 1
      && EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                          bytes_of(signed_text), signed_text.size())
             == 1;
  ERR_clear_error();
  return result;
}

} // namespace switchboard::net
