#pragma once

#include <cstddef>
#include <string>

#include "bench/load/dialect.hpp"

namespace switchboard::bench {

/// What a message looks like to a server and how it comes back.
struct talk {
  dialect speech;
  expectation expected;
  /// What is sent, and what is expected to come back of it.
  std::string sent;
  std::string returned;
};

/// @param name `plain`, `mqtt` (3.1.1), `nats` or `socket.io`; throws
///        `wrong_usage` for any other.
/// @param room what connections subscribe to and publish to; empty where
///        there is no fan-out.
/// @param size of the content, in bytes, without what the protocol adds.
talk make_talk(const std::string& name, const std::string& room,
               std::size_t size);

} // namespace switchboard::bench
