#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

#include <switchboard/tls_options.hpp>

#include "net/pending_verdict.hpp"
#include "net/revocation_service.hpp"

namespace switchboard::net {

/// Checks of a context's peers: what was revoked is refused, once TLS has
/// shaken hands and before anything else is said. Any thread.
class revocation_guard {
public:
  /// Reads what the options name.
  /// @param context gets what the checks need of it; must outlive the guard.
  /// @param problem as in `tls_context::make`.
  /// @returns null where the options ask for no check, or `problem` is set.
  static std::unique_ptr<revocation_guard>
  make(SSL_CTX* context, const tls_options& options, std::string& problem);

  /// Before a client's handshake: asks the peer for a staple.
  void prepare(SSL* connection) const;

  /// After the handshake; a resumed session is checked like a new one.
  /// @param problem receives why the connection is refused at once.
  /// @returns the verdict to wait for; null where `problem` is set, or there
  ///          is no certificate to check.
  std::shared_ptr<pending_verdict> begin(SSL* connection,
                                         std::string& problem) const;

private:
  revocation_guard(std::shared_ptr<const revocation_policy> policy)
      : policy_(std::move(policy)), service_(revocation_service::shared()) {}

  std::shared_ptr<const revocation_policy> policy_;
  std::shared_ptr<revocation_service> service_;
};

} // namespace switchboard::net
