#include "net/tls_error.hpp"

#include <cstring>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace switchboard::net {

namespace {

// Boost's base class is never deleted through a pointer either.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

class category final : public boost::system::error_category {
public:
  const char* name() const noexcept override {
    return "switchboard.tls";
  }

  std::string message(int value) const override {
    auto code = static_cast<unsigned long>(static_cast<unsigned>(value));
    // Errors of the system pass through OpenSSL as their errno.
    if (ERR_SYSTEM_ERROR(code))
      return std::strerror(ERR_GET_REASON(code));
    auto reason = ERR_reason_error_string(code);
    return reason == nullptr ? "unknown error" : reason;
  }
};

#pragma GCC diagnostic pop

} // namespace

const boost::system::error_category& tls_category() noexcept {
  static const category instance;
  return instance;
}

boost::system::error_code take_tls_error() noexcept {
  auto code = ERR_get_error();
  ERR_clear_error();
  return {static_cast<int>(code), tls_category()};
}

std::string last_tls_error() {
  return take_tls_error().message();
}

boost::system::error_code tls_truncated() noexcept {
  return {static_cast<int>(
              ERR_PACK(ERR_LIB_SSL, 0, SSL_R_UNEXPECTED_EOF_WHILE_READING)),
          tls_category()};
}

} // namespace switchboard::net
