#include "net/secret.hpp"

#include <algorithm>

#include <openssl/crypto.h>

namespace switchboard::net {

secret::secret(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (auto part : parts)
    size += part.size();
  text_ = {new char[size], wipe{size}};
  auto* end = text_.get();
  for (auto part : parts)
    end = std::copy(part.begin(), part.end(), end);
}

void secret::wipe::operator()(char* text) const noexcept {
  OPENSSL_cleanse(text, size);
  delete[] text;
}

} // namespace switchboard::net
