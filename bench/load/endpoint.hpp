#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <netinet/in.h>

namespace switchboard::bench {

/// Where a server listens and what to ask it for.
struct endpoint {
  std::string host;
  std::uint16_t port = 0;
  /// Path and query, at least `/`.
  std::string target;
  bool tls = false;
};

/// Reads `ws://HOST:PORT/PATH`, `wss://…` or `http://…`; port 80 where none is
/// given, 443 with TLS. Throws `wrong_usage`.
endpoint parse_url(std::string_view url);

/// The IPv4 address of an endpoint. Throws `failure` for an unknown host.
sockaddr_in resolve(const endpoint& which);

} // namespace switchboard::bench
