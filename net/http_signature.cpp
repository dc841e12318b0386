#include "net/http_signature.hpp"

#include <array>
#include <memory>
#include <span>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace switchboard::net {

namespace {

struct free_mac {
  void operator()(EVP_MAC* what) const noexcept {
    EVP_MAC_free(what);
  }
  void operator()(EVP_MAC_CTX* what) const noexcept {
    EVP_MAC_CTX_free(what);
  }
};

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(2 * bytes.size());
  for (auto byte : bytes) {
    result += digits[byte >> 4];
    result += digits[byte & 0x0F];
  }
  return result;
}

bool update(EVP_MAC_CTX* context, std::string_view bytes) {
  return EVP_MAC_update(context,
                        reinterpret_cast<const unsigned char*>(bytes.data()),
                        bytes.size())
         == 1;
}

} // namespace

std::string sign(std::string_view secret, std::int64_t unix_time,
                 std::string_view id, std::string_view body) {
  auto time = std::to_string(unix_time);
  std::unique_ptr<EVP_MAC, free_mac> mac{
      EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  std::unique_ptr<EVP_MAC_CTX, free_mac> context{EVP_MAC_CTX_new(mac.get())};
  char digest[] = "SHA256";
  std::array<OSSL_PARAM, 2> params{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  std::size_t size = 0;
  if (!context
      || EVP_MAC_init(context.get(),
                      reinterpret_cast<const unsigned char*>(secret.data()),
                      secret.size(), params.data())
             != 1
      || !update(context.get(), time) || !update(context.get(), ".")
      || !update(context.get(), id) || !update(context.get(), ".")
      || !update(context.get(), body)
      || EVP_MAC_final(context.get(), out.data(), &size, out.size()) != 1)
    return {};
  return "t=" + time + ",v1=" + to_hex({out.data(), size});
}

} // namespace switchboard::net
