#pragma once

#include <memory>
#include <mutex>

#include <openssl/types.h>

#include "net/revocation_service.hpp"
#include "net/staple_box.hpp"

namespace switchboard::net {

/// Sends clients that ask for it the newest OCSP answer about a listener's
/// certificate along with it (RFC 6066 §8), so that they need not fetch it.
/// No handshake waits for one. Any thread.
class ocsp_stapler {
public:
  /// @param context has its certificate; must outlive the stapler.
  /// @returns null where the certificate names no responder or its issuer is
  ///          not at hand.
  static std::unique_ptr<ocsp_stapler> make(SSL_CTX* context);

  /// Begins to fetch answers, once.
  void start();

private:
  explicit ocsp_stapler(std::shared_ptr<staple_box> box)
      : box_(std::move(box)) {}

  static int on_request(SSL* connection, void* self);

  const std::shared_ptr<staple_box> box_;
  std::once_flag started_;
  std::shared_ptr<revocation_service> service_;
};

} // namespace switchboard::net
