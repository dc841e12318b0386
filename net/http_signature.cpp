#include "net/http_signature.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

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

/// A signature in the making.
class signer {
public:
  signer(std::string_view secret, std::int64_t unix_time, std::string_view id)
      : time_(std::to_string(unix_time)) {
    mac_.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    context_.reset(EVP_MAC_CTX_new(mac_.get()));
    char digest[] = "SHA256";
    std::array<OSSL_PARAM, 2> params{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    good_ =
        context_
        && EVP_MAC_init(context_.get(),
                        reinterpret_cast<const unsigned char*>(secret.data()),
                        secret.size(), params.data())
               == 1;
    for (auto text : {std::string_view{time_}, std::string_view{"."}, id,
                      std::string_view{"."}})
      add(text);
  }

  void add(std::string_view bytes) {
    good_ =
        good_
        && EVP_MAC_update(context_.get(),
                          reinterpret_cast<const unsigned char*>(bytes.data()),
                          bytes.size())
               == 1;
  }

  /// Empty where something went wrong.
  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out;
    std::size_t size = 0;
    if (!good_
        || EVP_MAC_final(context_.get(), out.data(), &size, out.size()) != 1)
      return {};
    return "t=" + time_ + ",v1=" + to_hex({out.data(), size});
  }

private:
  std::string time_;
  std::unique_ptr<EVP_MAC, free_mac> mac_;
  std::unique_ptr<EVP_MAC_CTX, free_mac> context_;
  bool good_ = false;
};

/// Feeds a large body to a signer, a piece after another.
class body_reader : public std::enable_shared_from_this<body_reader> {
public:
  body_reader(signer made, std::shared_ptr<const large_content> body,
              std::function<void(std::string&&)> done)
      : made_(std::move(made)), body_(std::move(body)), done_(std::move(done)) {
    // nop
  }

  void next() {
    auto left = body_->size() - offset_;
    if (left == 0)
      return done_(made_.finish());
    auto size = std::min<std::uint64_t>(left, piece_size);
    body_->read(offset_, static_cast<std::size_t>(size),
                [self = shared_from_this()](std::string&& bytes,
                                            std::error_code problem) {
                  if (problem)
                    return self->done_({});
                  self->made_.add(bytes);
                  self->offset_ += bytes.size();
                  self->next();
                });
  }

private:
  static constexpr std::uint64_t piece_size = 256 * 1024;

  signer made_;
  std::shared_ptr<const large_content> body_;
  std::function<void(std::string&&)> done_;
  std::uint64_t offset_ = 0;
};

} // namespace

std::string sign(std::string_view secret, std::int64_t unix_time,
                 std::string_view id, std::string_view body) {
  signer made{secret, unix_time, id};
  made.add(body);
  return made.finish();
}

void sign(std::string_view secret, std::int64_t unix_time, std::string_view id,
          std::shared_ptr<const large_content> body,
          std::function<void(std::string&& signature)> done) {
  std::make_shared<body_reader>(signer{secret, unix_time, id}, std::move(body),
                                std::move(done))
      ->next();
}

} // namespace switchboard::net
