#include "net/tls_tickets.hpp"

#include <algorithm>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

namespace switchboard::net {

namespace {

/// Where a context keeps its keys.
int tickets_index() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

bool set_mac(EVP_MAC_CTX* mac, std::array<unsigned char, 32>& key) {
  char digest[] = "SHA256";
  OSSL_PARAM with[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.data(),
                                        key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, with) == 1;
}

} // namespace

tls_tickets::tls_tickets(SSL_CTX* context,
                         std::function<clock::time_point()> now)
    : now_(std::move(now)) {
  // Nothing of a session is kept here: its ticket holds it.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  usable_ = make(current_, now_()) && make(previous_, now_());
  SSL_CTX_set_ex_data(context, tickets_index(), this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

bool tls_tickets::make(key& what, clock::time_point now) {
  what.made = now;
  return RAND_bytes(what.name.data(), static_cast<int>(what.name.size())) == 1
         && RAND_priv_bytes(what.cipher.data(),
                            static_cast<int>(what.cipher.size()))
                == 1
         && RAND_priv_bytes(what.mac.data(), static_cast<int>(what.mac.size()))
                == 1;
}

void tls_tickets::renew(clock::time_point now) {
  if (now - current_.made < period)
    return;
  // What is older than two periods is taken no more.
  if (now - current_.made < 2 * period)
    previous_ = current_;
  else
    usable_ = make(previous_, now);
  usable_ = make(current_, now) && usable_;
}

int tls_tickets::on_ticket(SSL* connection, unsigned char* name,
                           unsigned char* vector, EVP_CIPHER_CTX* cipher,
                           EVP_MAC_CTX* mac, int encrypts) {
  auto self = static_cast<tls_tickets*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), tickets_index()));
  std::lock_guard guard{self->mutex_};
  self->renew(self->now_());
  // 0: no ticket is made, or the one at hand is not taken.
  if (!self->usable_)
    return 0;
  if (encrypts == 1)
    return self->encrypt(name, vector, cipher, mac);
  auto taken = self->decrypt(name, vector, cipher, mac);
  // 2: taken, and a new one is to be made. Always with TLS 1.3, whose clients
  // use a ticket once (RFC 8446 appendix C.4).
  return taken == 1 && SSL_version(connection) >= TLS1_3_VERSION ? 2 : taken;
}

int tls_tickets::encrypt(unsigned char* name, unsigned char* vector,
                         EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  auto type = EVP_aes_256_cbc();
  if (RAND_bytes(vector, EVP_CIPHER_get_iv_length(type)) != 1
      || EVP_EncryptInit_ex(cipher, type, nullptr, current_.cipher.data(),
                            vector)
             != 1
      || !set_mac(mac, current_.mac))
    return -1;
  std::copy(current_.name.begin(), current_.name.end(), name);
  return 1;
}

int tls_tickets::decrypt(const unsigned char* name, const unsigned char* vector,
                         EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  for (auto* known : {&current_, &previous_}) {
    if (!std::equal(known->name.begin(), known->name.end(), name))
      continue;
    if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr,
                           known->cipher.data(), vector)
            != 1
        || !set_mac(mac, known->mac))
      return -1;
    return known == &current_ ? 1 : 2;
  }
  return 0;
}

} // namespace switchboard::net
