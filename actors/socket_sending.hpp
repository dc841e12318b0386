#pragma once

#include <span>

#include "actors/shard.hpp"
#include "actors/socket.hpp"

// What stands between a socket and its connection: taps, where there are any.

namespace switchboard::actors {

inline net::connection::send_result socket::give(net::outgoing_message& message,
                                                 net::send_token token) {
  auto result = connection_->send(message, token);
  if (home().taps() != nullptr
      && result == net::connection::send_result::queued) [[unlikely]]
    tell_sent(message);
  return result;
}

inline net::connection::send_result
socket::give(net::opcode op, std::span<const std::byte> bytes,
             net::send_token token) {
  auto result = connection_->send(op, bytes, token);
  if (home().taps() != nullptr
      && result == net::connection::send_result::queued) [[unlikely]]
    tell_message(tap_event_kind::sent, op, bytes);
  return result;
}

} // namespace switchboard::actors
