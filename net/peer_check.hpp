#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

#include "net/pending_verdict.hpp"
#include "net/tls_context.hpp"
#include "net/wire.hpp"

namespace switchboard::net {

/// A connection's part in the check of its peer's revocation. One thread.
class peer_check {
public:
  /// Begins where the context asks for it, once TLS has shaken hands.
  void begin(const tls_context& context, SSL* connection);

  /// @param problem as in `handshaking_wire::handshake`.
  /// @returns `done`, `wants_verdict` or `failed`.
  handshaking_wire::progress judge(const tls_context& context, SSL* connection,
                                   std::string& problem);

  /// While it `wants_verdict`.
  int fd() const noexcept {
    return pending_ ? pending_->fd() : -1;
  }

private:
  std::shared_ptr<pending_verdict> pending_;
  /// Why there is nothing to wait for.
  std::string problem_;
};

} // namespace switchboard::net
