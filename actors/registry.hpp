#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <caf/all.hpp>

#include "actors/internal.hpp"

namespace switchboard::actors {

/// The id of a socket by its handle. Any thread.
std::string_view socket_id_of(const caf::strong_actor_ptr& socket) noexcept;

/// Sockets are found by their ids, which their handshakes hold already.
struct socket_id_hash {
  using is_transparent = void;

  // Not noexcept: makes libstdc++ keep the hash in the node, where it costs
  // nothing and spares a look at the sockets of a bucket.
  std::size_t operator()(std::string_view id) const {
    return std::hash<std::string_view>{}(id);
  }

  std::size_t operator()(const caf::strong_actor_ptr& socket) const {
    return (*this)(socket_id_of(socket));
  }
};

struct socket_id_equal {
  using is_transparent = void;

  bool operator()(const caf::strong_actor_ptr& x,
                  const caf::strong_actor_ptr& y) const noexcept {
    return socket_id_of(x) == socket_id_of(y);
  }

  bool operator()(std::string_view id,
                  const caf::strong_actor_ptr& socket) const noexcept {
    return id == socket_id_of(socket);
  }

  bool operator()(const caf::strong_actor_ptr& socket,
                  std::string_view id) const noexcept {
    return id == socket_id_of(socket);
  }
};

using socket_set =
    std::unordered_set<caf::strong_actor_ptr, socket_id_hash, socket_id_equal>;

/// What the registry knows. Its answers are gathered from the shards; only
/// the way to each socket is its own.
struct registry_state {
  static inline const char* name = "switchboard.registry";

  internal_registry_actor::pointer self = nullptr;
  std::vector<caf::strong_actor_ptr> shards;
  std::map<std::string, supervisor_actor> supervisors;
  socket_set sockets;

  /// @returns null and sets `problem` where an operation cannot be routed.
  socket_actor find(const std::string& config, const std::string& socket_id,
                    caf::error& problem) const;

  /// Whether a configuration exists; an empty name means any.
  bool known_config(const std::string& config) const;
};

/// @see registry_actor
internal_registry_actor::behavior_type
registry(internal_registry_actor::stateful_pointer<registry_state> self);

} // namespace switchboard::actors
