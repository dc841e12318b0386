#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "net/frame.hpp"

namespace switchboard::bench {

/// What the messages of a server must look like.
struct expectation {
  net::opcode op = net::opcode::text;
  /// Payload of a message in bytes.
  std::uint64_t length = 0;
  /// Accept messages of any length and either opcode.
  bool anything = false;
  /// Accept compressed messages (RSV1), of any length.
  bool compressed = false;
  /// Several messages of an inner protocol may share a WebSocket message:
  /// they are counted by `length` bytes each.
  bool shared = false;
};

/// A control frame of the server.
struct control_frame {
  net::opcode op = net::opcode::ping;
  std::string payload;
};

/// Reads what a server sends: looks at frame headers only and steps over
/// payloads. Frames may be split anywhere and messages fragmented.
class scanner {
public:
  /// Throws `failure` for a frame that breaks RFC 6455 or the expectation.
  /// @returns how many messages ended in `bytes`.
  std::size_t scan(std::span<const std::byte> bytes,
                   const expectation& expected);

  /// Control frames that have come, for the owner to take.
  std::vector<control_frame> controls;

  /// Where payloads of messages are to be kept, one string a message; null:
  /// they are not.
  std::vector<std::string>* keep = nullptr;

private:
  void begin_frame(const net::frame_header& header,
                   const expectation& expected);
  void take_payload(std::span<const std::byte> bytes);
  std::size_t end_frame(const expectation& expected);

  std::byte header_[net::max_header_bytes];
  std::uint8_t header_bytes_ = 0;
  bool in_payload_ = false;
  bool fin_ = true;
  bool in_message_ = false;
  bool rsv1_ = false;
  net::opcode op_ = net::opcode::text;
  net::opcode message_op_ = net::opcode::text;
  std::uint64_t left_ = 0;
  std::uint64_t message_bytes_ = 0;
  std::string payload_;
};

} // namespace switchboard::bench
