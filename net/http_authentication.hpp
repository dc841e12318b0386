#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <switchboard/options.hpp>

#include "net/digest_memory.hpp"
#include "net/handshake.hpp"

namespace switchboard::net {

/// Proves to one peer or proxy who we are (RFC 9110 §11): says which header to
/// send, given what came back. Does no I/O and never blocks. One for each peer
/// and each proxy of a dial; the same for redirects within one origin, another
/// for another origin. Not thread-safe.
///
/// A request goes like this:
/// 1. Send `first_header`, where there is one, as `credentials_header`.
/// 2. While `status` comes back: take `answer`. Nothing: it is refused,
///    `problem` says why. Else send the same request with it, on the same
///    connection where that is kept open; where it is not, on a new one unless
///    `needs_same_connection`.
///
/// Passwords are wiped from the memory of this class when it is destroyed.
class authenticator {
public:
  /// For the peer of a WebSocket: 401, `WWW-Authenticate`, `Authorization`.
  /// @param host a name or an address, IPv6 without brackets.
  /// @param kept shared by the dials of one configuration, which have one set
  ///        of credentials; may be null.
  authenticator(const authentication_options& options, std::string_view host,
                std::uint16_t port, std::shared_ptr<digest_memory> kept);

  /// For a proxy: 407, `Proxy-Authenticate`, `Proxy-Authorization`. Digest or
  /// Basic, whichever the proxy asks for, the former where it asks for both;
  /// NTLM where a domain is set. Without a username it refuses every
  /// challenge.
  authenticator(const proxy_options& options,
                std::shared_ptr<digest_memory> kept);

  ~authenticator();
  authenticator(authenticator&&) noexcept;
  authenticator& operator=(authenticator&&) noexcept;

  /// The status that asks for credentials: 401 or 407.
  unsigned status() const noexcept;

  /// Where challenges come, and where credentials go, as RFC 9110 writes them.
  std::string_view challenge_header() const noexcept;
  std::string_view credentials_header() const noexcept;

  /// What goes with the first request on a new connection, or to another
  /// place of the same origin; begins the exchange anew. Credentials where
  /// Basic is preemptive, or where a Digest challenge is kept; the opening of
  /// NTLM where that is preemptive.
  /// @param method of the request, as it is written on the wire.
  /// @param uri the request's target as it is written on the wire: path and
  ///        query, or `host:port` for CONNECT.
  std::optional<std::string> first_header(std::string_view method,
                                          std::string_view uri);

  /// What goes with the request once more, after an answer with `status`.
  /// Bounded: a peer that goes on asking is refused.
  /// @param headers of the answer.
  /// @returns nothing where `problem` says why there is no further use.
  std::optional<std::string> answer(const header_list& headers,
                                    std::string_view method,
                                    std::string_view uri);

  /// Whether the header given last counts only on the connection that its
  /// challenge came on (NTLM's third message).
  bool needs_same_connection() const noexcept;

  /// Whether anything that proves who we are was handed out since the last
  /// `first_header`; NTLM's opening proves nothing.
  bool credentials_sent() const noexcept;

  /// Why there is no header: a clause without a full stop, as in "the proxy
  /// refused the credentials". No secret, no text of the peer.
  const std::string& problem() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace switchboard::net
