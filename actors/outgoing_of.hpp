#pragma once

#include <switchboard/payload.hpp>

#include "net/outgoing.hpp"
#include "net/utf8.hpp"

namespace switchboard::actors {

/// A payload on its way to connections.
inline net::outgoing_message outgoing_of(const payload& content) {
  auto op = content.binary() ? net::opcode::binary : net::opcode::text;
  if (content.large())
    return {op, content.large()};
  return {op, content.storage()};
}

/// What an outgoing message was made of.
inline payload payload_of(const net::outgoing_message& message) {
  auto binary = message.op() == net::opcode::binary;
  if (message.large())
    return {message.large(), binary};
  return {message.bytes(), binary};
}

/// Whether a payload may go as it says: text is UTF-8.
inline bool is_well_formed(const payload& content) noexcept {
  if (content.binary())
    return true;
  return content.large() ? content.large()->is_text()
                         : net::is_utf8(content.bytes());
}

} // namespace switchboard::actors
