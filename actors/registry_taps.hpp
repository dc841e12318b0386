#pragma once

#include <caf/all.hpp>

#include "actors/registry.hpp"

// The registry's part in taps: who taps, and which shards are told.

namespace switchboard::actors {

/// @see tap_request
caf::result<void>
start_tap(internal_registry_actor::stateful_pointer<registry_state> self,
          const tap_request& request);

/// Answered once every shard has told what it had to tell and the targets know
/// that nothing more comes.
caf::result<void>
end_all_taps(internal_registry_actor::stateful_pointer<registry_state> self,
             const end_taps& request);

/// Forgets a tap that no shard has any more: it is not one of the `max_taps`.
void count_tap_over(
    internal_registry_actor::stateful_pointer<registry_state> self,
    const tap_over& what);

/// A target has ended.
void forget_taps(registry_state& state, const caf::actor_addr& target);

} // namespace switchboard::actors
