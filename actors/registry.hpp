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

  /// @returns null and sets `problem` where an operation cannot be routed.
  socket_actor find(const std::string& config, const std::string& socket_id,
                    caf::error& problem) const;

  /// Whether a configuration exists; an empty name means any.
  bool known_config(const std::string& config) const;
};

/// @see registry_actor
internal_registry_actor::behavior_type
registry(internal_registry_actor::stateful_pointer<registry_state> self,
         std::shared_ptr<socket_index> sockets,
         std::shared_ptr<closed_sockets> closed,
         std::shared_ptr<registry_counters> counters);

} // namespace switchboard::actors
