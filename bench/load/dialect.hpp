#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/endpoint.hpp"
#include "bench/load/frame_train.hpp"
#include "bench/load/handshake.hpp"
#include "bench/load/scanner.hpp"
#include "bench/load/tls.hpp"

namespace switchboard::bench {

/// One exchange before the first message.
struct greeting {
  /// A message each.
  std::vector<std::string> sent;
  /// Bytes that the server says when it is done.
  std::string answer;
};

/// How to talk to the server at a URL, for those that speak a protocol of their
/// own inside of WebSocket messages.
struct dialect {
  /// Sec-WebSocket-Protocol; empty: none.
  std::string subprotocol;
  /// Sec-WebSocket-Extensions; empty: none.
  std::string extensions;
  /// Opcode of greetings and messages.
  net::opcode op = net::opcode::text;
  /// What is said before the first message, in order.
  std::vector<greeting> greetings;
};

/// What all connections to a URL share.
struct wire {
  /// @param resumes with TLS: sessions, as in `tls_context`.
  wire(const endpoint& to, dialect how, const expectation& what,
       bool resumes = false);

  endpoint where;
  sockaddr_in address;
  dialect speech;
  handshake opening;
  expectation expected;
  /// Content of what comes back, before compression.
  std::string payload;
  /// Null without TLS.
  std::shared_ptr<tls_context> tls;
  /// What the connections send; none for those that only listen.
  std::optional<frame_train> train;
};

} // namespace switchboard::bench
