#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <openssl/types.h>

#include <switchboard/tls_options.hpp>

#include "net/frame.hpp"

namespace switchboard::net {

class ocsp_stapler;
class revocation_guard;
class tls_sessions;
class tls_tickets;

/// What all TLS connections of one purpose share: protocols, cipher suites,
/// certificates, sessions to resume. Any thread.
class tls_context {
public:
  /// Reads the stores that the options name.
  /// @param self which end of its connections we are.
  /// @param problem receives one sentence where the result is null: the file
  ///        and the cause, never a secret.
  static std::shared_ptr<tls_context>
  make(role self, const tls_options& options, std::string& problem);

  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  role self() const noexcept {
    return self_;
  }

  /// When the first of the certificates that it shows expires; unset where it
  /// shows none.
  std::optional<std::chrono::system_clock::time_point> expires() const;

  /// A connection's state, ours to free; null where memory has run out or
  /// `host` cannot be asked for.
  /// @param host whom a client wants to reach, a name or an address; its
  ///        certificate has to name it. Unused by a server.
  SSL* open(const std::string& host) const;

  /// Begins what goes on beside the connections, before the first is opened;
  /// `open` does it as well.
  void start() const;

  /// Who checks that peers are not revoked; null: nobody.
  const revocation_guard* guard() const noexcept {
    return guard_.get();
  }

  /// Keeps a connection's session from being resumed.
  void forget(SSL* connection) const;

private:
  tls_context(role self, SSL_CTX* context);

  bool set_up(const tls_options& options, std::string& problem);
  bool set_up_server(const tls_options& options, std::string& problem);
  bool set_up_client(const tls_options& options, std::string& problem);
  bool set_trust(const trust_store_options& options, std::string& problem);
  bool set_identity(const key_store_options& options, std::string& problem);
  bool name_peer(SSL* connection, const std::string& host) const;

  role self_;
  bool insecure_ = false;
  SSL_CTX* context_;
  /// A client's.
  std::unique_ptr<tls_sessions> sessions_;
  /// A server's.
  std::unique_ptr<tls_tickets> tickets_;
  /// Of a server whose certificate names an OCSP responder.
  std::unique_ptr<ocsp_stapler> stapler_;
  std::unique_ptr<revocation_guard> guard_;
};

} // namespace switchboard::net
