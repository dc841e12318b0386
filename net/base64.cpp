#include "net/base64.hpp"

#include <cstddef>

#include <openssl/evp.h>

namespace switchboard::net {

namespace {

const unsigned char* unsigned_data(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

std::string to_base64(std::string_view bytes) {
  // OpenSSL writes a zero behind the text.
  std::string result((bytes.size() + 2) / 3 * 4 + 1, '\0');
  auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                      unsigned_data(bytes), static_cast<int>(bytes.size()));
  result.resize(static_cast<std::size_t>(size));
  return result;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::string result(text.size() / 4 * 3, '\0');
  auto size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                      unsigned_data(text), static_cast<int>(text.size()));
  if (size < 0)
    return std::nullopt;
  // OpenSSL counts the padding as bytes, and passes over blanks around.
  auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
  result.resize(static_cast<std::size_t>(size) - padding);
  if (to_base64(result) != text)
    return std::nullopt;
  return result;
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != text.npos)
    return std::nullopt;
  std::string standard{text};
  for (auto& each : standard)
    each = each == '-' ? '+' : each == '_' ? '/' : each;
  standard.append((4 - standard.size() % 4) % 4, '=');
  return from_base64(standard);
}

} // namespace switchboard::net
