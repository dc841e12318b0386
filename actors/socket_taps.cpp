#include "actors/shard_taps.hpp"

#include "actors/shard.hpp"
#include "actors/socket.hpp"

// What a socket tells the taps of its shard. Called only where there are any.

namespace switchboard::actors {

void socket::tell_message(tap_event_kind kind, net::opcode op,
                          std::span<const std::byte> content) {
  home().taps()->tell(
      *this, kind,
      {{reinterpret_cast<const char*>(content.data()), content.size()},
       content.size(),
       op == net::opcode::binary});
}

net::connection::send_result
socket::give_and_tell(net::outgoing_message& message, net::send_token token) {
  auto result = connection_->send(message, token);
  auto binary = message.op() == net::opcode::binary;
  auto& large = message.large();
  if (result == net::connection::send_result::queued)
    home().taps()->tell(
        *this, tap_event_kind::sent,
        {message.view(), large ? large->size() : message.size(), binary});
  return result;
}

net::connection::send_result
socket::give_and_tell(net::opcode op, std::span<const std::byte> bytes,
                      net::send_token token) {
  auto result = connection_->send(op, bytes, token);
  if (result == net::connection::send_result::queued)
    tell_message(tap_event_kind::sent, op, bytes);
  return result;
}

void socket::tell_part(net::opcode op, std::span<const std::byte> bytes,
                       net::part_place place) {
  home().taps()->part(
      *this, place.first, place.last,
      {{reinterpret_cast<const char*>(bytes.data()), bytes.size()},
       bytes.size(),
       op == net::opcode::binary});
}

void socket::tell_change(tap_event_kind kind, const close_outcome& outcome) {
  home().taps()->tell(*this, kind, outcome);
}

void socket::tell_part_dropped() {
  home().taps()->drop_part(*this);
}

} // namespace switchboard::actors
