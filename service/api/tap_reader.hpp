#pragma once

#include <functional>

#include <caf/all.hpp>

#include <switchboard/interfaces.hpp>

namespace switchboard::service::api {

/// The HTTP side has written a batch.
struct batch_taken {};

/// The actor `switchboard.api.tap`: a tap's target that hands batches to the
/// HTTP side and answers each of them once it is written, so that a client
/// that does not read is waited for by nobody. Ends by an exit message only.
using tap_reader_actor = tap_handler::extend<caf::reacts_to<batch_taken>>;

/// Where it hands them. Called on the actor's thread; must not block.
struct tap_sink {
  std::function<void(tap_events)> take;
  std::function<void(tap_end)> end;
};

tap_reader_actor spawn_tap_reader(caf::actor_system& system, tap_sink sink);

} // namespace switchboard::service::api

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::service::api::batch_taken)
