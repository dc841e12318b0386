#pragma once

#include <span>

#include "actors/shard.hpp"
#include "actors/socket.hpp"

// What stands between a socket and its connection: taps, where there are any.

namespace switchboard::actors {

inline net::connection::send_result socket::give(net::outgoing_message& message,
                                                 net::send_token token) {
  if (home().taps() != nullptr) [[unlikely]]
    return give_and_tell(message, token);
  return connection_->send(message, token);
}

inline net::connection::send_result
socket::give(net::opcode op, std::span<const std::byte> bytes,
             net::send_token token) {
  if (home().taps() != nullptr) [[unlikely]]
    return give_and_tell(op, bytes, token);
  return connection_->send(op, bytes, token);
}

} // namespace switchboard::actors
