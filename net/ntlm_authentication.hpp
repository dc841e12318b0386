#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace switchboard::net {

/// Whether NTLM was built in and the system's GSS-API has the mechanism. Any
/// thread.
bool ntlm_available();

/// Whom NTLM authenticates, and to whom.
struct ntlm_identity {
  std::string_view username;
  std::string_view password;
  std::string_view domain;
  /// The name of our machine; empty: what the system says.
  std::string_view workstation;
  /// The peer's or proxy's host, for the service name `HTTP@host`.
  std::string_view host;
};

/// Our side of one NTLM handshake (MS-NLMP), by the system's GSS-API. Never
/// blocks.
class ntlm_handshake {
public:
  /// Forgets the password as soon as it has made the credentials of it.
  explicit ntlm_handshake(const ntlm_identity& identity);
  ~ntlm_handshake();
  ntlm_handshake(ntlm_handshake&&) noexcept;
  ntlm_handshake& operator=(ntlm_handshake&&) noexcept;

  /// The first message; nothing where `problem` says why.
  std::optional<std::string> open();

  /// The third message, which proves who we are; nothing where `problem` says
  /// why.
  /// @param challenge the peer's message, as bytes.
  std::optional<std::string> respond(std::string_view challenge);

  /// One clause without a secret.
  const std::string& problem() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace switchboard::net
