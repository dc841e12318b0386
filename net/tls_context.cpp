#include "net/tls_context.hpp"

#include <array>
#include <utility>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/ocsp_stapler.hpp"
#include "net/revocation_guard.hpp"
#include "net/tls_error.hpp"
#include "net/tls_rules.hpp"
#include "net/tls_sessions.hpp"
#include "net/tls_store.hpp"
#include "net/tls_tickets.hpp"

namespace switchboard::net {

namespace {

constexpr std::array<unsigned char, 9> http_1_1 = {8,   'h', 't', 't', 'p',
                                                   '/', '1', '.', '1'};

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1
         || ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

/// A peer that offers protocols without HTTP/1.1 among them speaks nothing of
/// ours (RFC 7301 §3.2).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size,
                    void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, http_1_1.data(), http_1_1.size(),
                            offered, offered_size)
      != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int accept_any(int, X509_STORE_CTX*) {
  return 1;
}

} // namespace

std::shared_ptr<tls_context>
tls_context::make(role self, const tls_options& options, std::string& problem) {
  ERR_clear_error();
  std::shared_ptr<tls_context> result{new tls_context{
      self, SSL_CTX_new(self == role::server ? TLS_server_method()
                                             : TLS_client_method())}};
  if (result->context_ == nullptr) {
    problem = "TLS cannot be set up: " + last_tls_error();
    return nullptr;
  }
  if (!result->set_up(options, problem))
    return nullptr;
  return result;
}

tls_context::tls_context(role self, SSL_CTX* context)
    : self_(self), context_(context) {}

tls_context::~tls_context() {
  SSL_CTX_free(context_);
}

bool tls_context::set_up(const tls_options& options, std::string& problem) {
  // Renegotiation would make reads write and writes read.
  SSL_CTX_set_options(context_,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
  insecure_ = options.trust_store.insecure;
  if (!apply_tls_rules(context_, options, problem)
      || (options.key_store && !set_identity(*options.key_store, problem)))
    return false;
  if (self_ == role::server ? !set_up_server(options, problem)
                            : !set_up_client(options, problem))
    return false;
  if (self_ == role::server)
    stapler_ = ocsp_stapler::make(context_);
  problem.clear();
  guard_ = revocation_guard::make(context_, options, problem);
  return problem.empty();
}

void tls_context::start() const {
  if (stapler_)
    stapler_->start();
}

void tls_context::forget(SSL* connection) const {
  if (sessions_)
    sessions_->forget(connection);
}

bool tls_context::set_up_client(const tls_options& options,
                                std::string& problem) {
  SSL_CTX_set_alpn_protos(context_, http_1_1.data(), http_1_1.size());
  SSL_CTX_set_verify(context_, insecure_ ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                     nullptr);
  sessions_ = std::make_unique<tls_sessions>(context_);
  return insecure_ || set_trust(options.trust_store, problem);
}

bool tls_context::set_up_server(const tls_options& options,
                                std::string& problem) {
  if (!options.key_store) {
    problem = "a listener needs a key store";
    return false;
  }
  SSL_CTX_set_options(context_, SSL_OP_CIPHER_SERVER_PREFERENCE
                                    | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_alpn_select_cb(context_, choose_protocol, nullptr);
  tickets_ = std::make_unique<tls_tickets>(context_);
  if (options.client_auth == client_authentication::none)
    return true;
  // A ticket stands for the certificate that was shown with it: it counts
  // here only.
  std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> own;
  if (RAND_bytes(own.data(), static_cast<int>(own.size())) != 1
      || SSL_CTX_set_session_id_context(context_, own.data(), own.size())
             != 1) {
    problem = "TLS cannot be set up: " + last_tls_error();
    return false;
  }
  auto mode = options.client_auth == client_authentication::required
                  ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                  : SSL_VERIFY_PEER;
  SSL_CTX_set_verify(context_, mode, insecure_ ? accept_any : nullptr);
  return insecure_ || set_trust(options.trust_store, problem);
}

bool tls_context::set_trust(const trust_store_options& options,
                            std::string& problem) {
  if (options.path.empty()) {
    if (SSL_CTX_set_default_verify_paths(context_) == 1)
      return true;
    problem = "the system's trust store cannot be read: " + last_tls_error();
    return false;
  }
  auto named = [&](const std::string& what) {
    problem = "trust store " + options.path + " " + what;
    return false;
  };
  std::string cause;
  auto store = read_store(options.path, options.type, {options.password, {}},
                          false, cause);
  if (!store)
    return named(cause);
  if (store->certificates.empty())
    return named("holds no certificate");
  for (auto& certificate : store->certificates) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), certificate.get())
        != 1)
      return named("cannot be used: " + last_tls_error());
    // Whom a listener trusts helps its peers to choose a certificate.
    if (self_ == role::server)
      SSL_CTX_add_client_CA(context_, certificate.get());
  }
  // What an operator has named is trusted, whoever has issued it.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context_),
                              X509_V_FLAG_PARTIAL_CHAIN);
  return true;
}

bool tls_context::set_identity(const key_store_options& options,
                               std::string& problem) {
  auto named = [&](const std::string& what) {
    problem = "key store " + options.path + " " + what;
    return false;
  };
  std::string cause;
  auto store =
      read_store(options.path, options.type,
                 {options.password, options.key_password}, true, cause);
  if (!store)
    return named(cause);
  auto at = choose_key(*store, options.alias, cause);
  if (!at)
    return named(cause);
  auto& chosen = store->keys[*at];
  ERR_clear_error();
  if (SSL_CTX_use_certificate(context_, chosen.certificate.get()) != 1
      || SSL_CTX_use_PrivateKey(context_, chosen.key.get()) != 1)
    return named("cannot be used: " + last_tls_error());
  for (auto& issuer : chosen.chain)
    if (SSL_CTX_add1_chain_cert(context_, issuer.get()) != 1)
      return named("cannot be used: " + last_tls_error());
  return true;
}

SSL* tls_context::open(const std::string& host) const {
  auto result = SSL_new(context_);
  if (result == nullptr)
    return nullptr;
  if (self_ == role::server) {
    start();
    SSL_set_accept_state(result);
    return result;
  }
  SSL_set_connect_state(result);
  if (!name_peer(result, host)) {
    SSL_free(result);
    return nullptr;
  }
  sessions_->prepare(result, host);
  if (guard_)
    guard_->prepare(result);
  return result;
}

bool tls_context::name_peer(SSL* connection, const std::string& host) const {
  // The zone of a link-local address is ours alone, the root's dot is not in
  // certificates.
  auto name = host.substr(0, host.find('%'));
  if (name.size() > 1 && name.back() == '.')
    name.pop_back();
  if (name.empty() || name.find('\0') != std::string::npos)
    return false;
  auto address = is_address(name);
  // RFC 6066 §3: no addresses.
  if (!address && SSL_set_tlsext_host_name(connection, name.c_str()) != 1)
    return false;
  if (insecure_)
    return true;
  auto rules = SSL_get0_param(connection);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return (address
              ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str())
              : X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()))
         == 1;
}

} // namespace switchboard::net
