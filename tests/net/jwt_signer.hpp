#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "net/base64.hpp"
#include "net/openssl_ptr.hpp"

/// Makes keys and tokens for tests, by OpenSSL alone.
namespace jwt_signer {

using key_ptr = switchboard::net::openssl_ptr<EVP_PKEY, EVP_PKEY_free>;

inline std::string base64url(std::string_view bytes) {
  auto result = switchboard::net::to_base64(bytes);
  while (result.ends_with('='))
    result.pop_back();
  for (auto& each : result)
    each = each == '+' ? '-' : each == '/' ? '_' : each;
  return result;
}

inline std::string public_pem(EVP_PKEY* key) {
  switchboard::net::openssl_ptr<BIO, BIO_free_all> out{BIO_new(BIO_s_mem())};
  PEM_write_bio_PUBKEY(out.get(), key);
  char* data = nullptr;
  auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

inline std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       out.data(), &size);
  return {reinterpret_cast<char*>(out.data()), size};
}

/// A signature as tokens have it: of P-256 two numbers of 32 bytes.
inline std::string sign(EVP_PKEY* key, std::string_view text) {
  auto edwards = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
  switchboard::net::openssl_ptr<EVP_MD_CTX, EVP_MD_CTX_free> context{
      EVP_MD_CTX_new()};
  std::string result(1024, '\0');
  auto size = result.size();
  if (EVP_DigestSignInit(context.get(), nullptr,
                         edwards ? nullptr : EVP_sha256(), nullptr, key)
          != 1
      || EVP_DigestSign(context.get(),
                        reinterpret_cast<unsigned char*>(result.data()), &size,
                        reinterpret_cast<const unsigned char*>(text.data()),
                        text.size())
             != 1)
    throw std::runtime_error{"no signature"};
  result.resize(size);
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
    return result;
  auto der = reinterpret_cast<const unsigned char*>(result.data());
  switchboard::net::openssl_ptr<ECDSA_SIG, ECDSA_SIG_free> both{
      d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size))};
  std::array<unsigned char, 64> raw{};
  BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), raw.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), raw.data() + 32, 32);
  return {reinterpret_cast<char*>(raw.data()), raw.size()};
}

inline std::string unsigned_part(std::string_view header,
                                 std::string_view claims) {
  return base64url(header) + '.' + base64url(claims);
}

inline std::string token(EVP_PKEY* key, std::string_view header,
                         std::string_view claims) {
  auto text = unsigned_part(header, claims);
  return text + '.' + base64url(sign(key, text));
}

inline std::string token(std::string_view shared, std::string_view header,
                         std::string_view claims) {
  auto text = unsigned_part(header, claims);
  return text + '.' + base64url(hmac(shared, text));
}

} // namespace jwt_signer
