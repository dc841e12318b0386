#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bench/load/endpoint.hpp"

namespace switchboard::bench {

/// The opening handshake of a client (RFC 6455 §4.1), made once for all
/// connections: they share a key, which no server minds.
class handshake {
public:
  /// @param subprotocol as in `mqtt`; empty: none is asked for.
  /// @param extensions value of Sec-WebSocket-Extensions; empty: none.
  handshake(const endpoint& to, const std::string& subprotocol,
            const std::string& extensions);

  /// All bytes of the request.
  const std::string& request() const noexcept {
    return request_;
  }

  /// Judges an answer: 101, Sec-WebSocket-Accept, and the extension where one
  /// was offered. Throws `failure` for any other.
  /// @param answer what has come so far.
  /// @returns the size of the answer's head in bytes; 0 while incomplete.
  std::size_t check(std::string_view answer) const;

private:
  std::string request_;
  std::string accept_;
  bool offers_;
};

} // namespace switchboard::bench
