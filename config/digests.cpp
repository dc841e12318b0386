#include "config/digests.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include <openssl/err.h>
#include <openssl/evp.h>

namespace switchboard::config {

namespace {

constexpr std::string_view expected = R"(, expected one such as "SHA-256")";

/// Digests that are broken, or too short to be secure, in any spelling:
/// upper case, without `-` and `_`.
constexpr std::string_view weak[] = {
    "MD2",    "MD4",       "MD5",   "MD5SHA1",  "SSL3MD5", "SSL3SHA1",
    "MDC2",   "SHA",       "SHA0",  "SHA1",     "RIPEMD",  "RIPEMD160",
    "RMD160", "RIPEMD128", "CRC32", "SHAKE128",
};

/// Bytes of a digest of which no two messages are alike: those of SHA-224.
constexpr int least_size = 28;

std::string plain(std::string_view name) {
  std::string result;
  for (auto c : name) {
    if (c >= 'a' && c <= 'z')
      result += static_cast<char>(c - 'a' + 'A');
    else if (c != '-' && c != '_')
      result += c;
  }
  return result;
}

} // namespace

std::string check_digest(const text& name) {
  auto refusal = [&](const char* why) {
    return shown(name) + why + std::string{expected};
  };
  constexpr auto insecure = " is not secure";
  constexpr auto unknown = " is no digest of OpenSSL";
  auto spelled = plain(name.value);
  if (std::find(std::begin(weak), std::end(weak), spelled) != std::end(weak))
    return refusal(insecure);
  // A parameter of KMAC, not a digest by itself.
  if (spelled.starts_with("KECCAK"))
    return refusal(unknown);
  std::unique_ptr<EVP_MD, void (*)(EVP_MD*)> found{
      EVP_MD_fetch(nullptr, name.value.c_str(), nullptr), EVP_MD_free};
  if (!found) {
    ERR_clear_error();
    return refusal(unknown);
  }
  return EVP_MD_get_size(found.get()) < least_size ? refusal(insecure) : "";
}

} // namespace switchboard::config
