#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <caf/all.hpp>

#include <switchboard/tap.hpp>

#include "actors/directory.hpp"
#include "net/token_bucket.hpp"

// Between the registry and the shards.

namespace switchboard::actors {

/// A tap, ready for the shards, which share it.
struct tap_order {
  std::uint64_t id = 0;
  caf::strong_actor_ptr target;
  /// Told where a shard ends the tap by itself; null: nobody.
  caf::strong_actor_ptr registry;
  /// Empty: of all sockets.
  std::string socket_id;
  compiled_filter filter;
  double sample = 1;
  net::token_rate rate;
  std::uint32_t payload_limit = 0;
  /// What all shards together may tell.
  mutable net::shared_token_bucket pace;
};

/// Answered with nothing, or with NO_SUCH_SOCKET.
struct install_tap {
  std::shared_ptr<const tap_order> order;
};

/// Not answered.
struct remove_tap {
  std::uint64_t id = 0;
};

/// A shard has ended a tap by itself: its socket is gone, or its target has
/// failed. To the registry. Not answered.
struct tap_over {
  std::uint64_t id = 0;
};

/// Tells every tap what was not told yet, and nothing after it. Answered with
/// nothing.
struct end_taps {
  std::string reason;
};

} // namespace switchboard::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::install_tap)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::remove_tap)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::tap_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::end_taps)
