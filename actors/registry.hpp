#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/closed_sockets.hpp"
#include "actors/internal.hpp"
#include "actors/socket_index.hpp"

namespace switchboard::actors {

/// What the registry knows. Its answers are gathered from the shards; the
/// way to each socket is in an index that it shares with them.
struct registry_state {
  static inline const char* name = "switchboard.registry";

  internal_registry_actor::pointer self = nullptr;
  std::vector<caf::strong_actor_ptr> shards;
  std::map<std::string, supervisor_actor> supervisors;
  /// Configurations with client settings.
  std::vector<std::string> clients;
  std::shared_ptr<socket_index> sockets;
  std::shared_ptr<closed_sockets> closed;
  std::shared_ptr<registry_counters> counters;
  struct tap_entry {
    caf::strong_actor_ptr target;
    /// How many have not ended it by themselves.
    std::size_t shards = 0;
  };

  /// By the tap's id.
  std::map<std::uint64_t, tap_entry> taps;
  std::uint64_t last_tap = 0;
  /// Whether there are no more taps to be.
  bool taps_ended = false;

  /// @returns null and sets `problem` where an operation cannot be routed.
  socket_actor find(const std::string& config, const std::string& socket_id,
                    caf::error& problem) const;

  /// Whether a configuration exists; an empty name means any.
  bool known_config(const std::string& config) const;
};

/// A filter of a request as the shards take it.
/// @returns INVALID_ARGUMENT for an unknown configuration, a group's name or a
///          pattern.
caf::expected<std::shared_ptr<const compiled_filter>>
prepare(const registry_state& state, const socket_filter& filter);

/// @see registry_actor
internal_registry_actor::behavior_type
registry(internal_registry_actor::stateful_pointer<registry_state> self,
         std::shared_ptr<socket_index> sockets,
         std::shared_ptr<closed_sockets> closed,
         std::shared_ptr<registry_counters> counters);

} // namespace switchboard::actors
