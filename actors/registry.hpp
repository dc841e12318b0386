#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/all.hpp>

#include "actors/internal.hpp"

namespace switchboard::actors {

/// What the registry knows. Its answers are gathered from the shards; only
/// the way to each socket is its own.
struct registry_state {
  struct entry {
    socket_actor handle;
    std::shared_ptr<const handshake_attributes> handshake;
  };

  static inline const char* name = "switchboard.registry";

  internal_registry_actor::pointer self = nullptr;
  std::vector<caf::strong_actor_ptr> shards;
  std::map<std::string, supervisor_actor> supervisors;
  std::unordered_map<std::string, entry> sockets;

  /// @returns null and sets `problem` where an operation cannot be routed.
  const entry* find(const std::string& config, const std::string& socket_id,
                    caf::error& problem) const;

  /// Whether a configuration exists; an empty name means any.
  bool known_config(const std::string& config) const;
};

/// @see registry_actor
internal_registry_actor::behavior_type
registry(internal_registry_actor::stateful_pointer<registry_state> self);

} // namespace switchboard::actors
