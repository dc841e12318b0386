#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <mutex>

#include <openssl/types.h>

namespace switchboard::net {

/// The keys of a server's session tickets: made here, replaced in turn, never
/// stored, so that whoever gets hold of one reads little of the past (RFC 5077
/// §5.5). Any thread.
class tls_tickets {
public:
  using clock = std::chrono::steady_clock;

  /// How long a key makes tickets; they are taken for as long again.
  static constexpr auto period = std::chrono::hours{6};

  /// Makes connections of a context use these keys; must outlive them.
  /// @param now the time; for tests.
  explicit tls_tickets(
      SSL_CTX* context,
      std::function<clock::time_point()> now = [] { return clock::now(); });

private:
  struct key {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
    clock::time_point made;
  };

  static int on_ticket(SSL* connection, unsigned char* name,
                       unsigned char* vector, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int encrypts);

  int encrypt(unsigned char* name, unsigned char* vector,
              EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac);
  int decrypt(const unsigned char* name, const unsigned char* vector,
              EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac);
  void renew(clock::time_point now);
  static bool make(key& what, clock::time_point now);

  std::function<clock::time_point()> now_;
  std::mutex mutex_;
  key current_;
  key previous_;
  bool usable_ = false;
};

} // namespace switchboard::net
