#include "flows/message_digest.hpp"

#include <array>
#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>

namespace switchboard::flows {

std::optional<digest_algorithm>
digest_algorithm::find(const std::string& name) {
  auto found = EVP_MD_fetch(nullptr, name.c_str(), nullptr);
  if (found == nullptr) {
    ERR_clear_error();
    return std::nullopt;
  }
  return digest_algorithm{
      std::shared_ptr<const evp_md_st>{found, [](const EVP_MD* what) {
                                         EVP_MD_free(const_cast<EVP_MD*>(what));
                                       }}};
}

std::string digest_algorithm::name() const {
  return EVP_MD_get0_name(what_.get());
}

void message_digest::closer::operator()(evp_md_ctx_st* what) const noexcept {
  EVP_MD_CTX_free(what);
}

message_digest::message_digest(const digest_algorithm& algorithm)
    : context_(EVP_MD_CTX_new()) {
  sound_ = context_
           && EVP_DigestInit_ex2(context_.get(), algorithm.what_.get(), nullptr)
                  == 1;
}

void message_digest::add(std::string_view bytes) {
  sound_ = sound_
           && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
}

std::string message_digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (!sound_ || EVP_DigestFinal_ex(context_.get(), bytes.data(), &size) != 1) {
    ERR_clear_error();
    return {};
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(std::size_t{2} * size);
  for (unsigned i = 0; i < size; ++i) {
    result += digits[bytes[i] >> 4];
    result += digits[bytes[i] & 0x0F];
  }
  return result;
}

} // namespace switchboard::flows
