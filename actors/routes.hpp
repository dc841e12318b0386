#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/messages.hpp>
#include <switchboard/options.hpp>
#include <switchboard/path_pattern.hpp>

#include "actors/counters.hpp"
#include "net/connection.hpp"

namespace switchboard::actors {

/// A source and the actors it feeds.
struct subscription {
  path_pattern pattern;
  std::vector<caf::strong_actor_ptr> targets;
  std::vector<std::string> default_groups;
  std::uint32_t credit = 1;
  std::optional<reconnection_options> reconnection = std::nullopt;
  /// How its sockets' connections work; null: as the configuration says.
  std::shared_ptr<const net::connection_options> connection = nullptr;
  send_queue_options send_queue = {};

  /// The target for sockets of one shard.
  const caf::strong_actor_ptr& target(std::size_t shard) const noexcept {
    return targets[targets.size() == 1 ? 0 : shard];
  }
};

using subscription_ptr = std::shared_ptr<const subscription>;

/// What a configuration has counted since the start. Any thread.
struct config_counters {
  std::atomic<std::uint64_t> opened{0};
  std::atomic<std::uint64_t> closed{0};
  /// Connections of outbound sockets that were lost and are replaced.
  std::atomic<std::uint64_t> lost{0};
  /// Sockets now, by type and state.
  std::array<std::array<std::atomic<std::uint64_t>, 3>, 2> now{};
  keeper_counters keeper;

  std::atomic<std::uint64_t>& count(socket_type type,
                                    socket_state state) noexcept {
    return now[static_cast<std::size_t>(type)][static_cast<std::size_t>(state)];
  }
};

/// The sources of one configuration at one moment: immutable, shared by all
/// shards, replaced as a whole.
struct config_routes {
  std::string config;
  std::string listener;
  std::string base_path;
  std::shared_ptr<const net::connection_options> connection;
  std::vector<std::string> subprotocols;
  /// That one socket may be in; by `socket_type`.
  std::array<std::size_t, 2> max_groups{1000, 1000};
  /// Each in order of precedence.
  std::vector<subscription_ptr> listeners;
  std::vector<subscription_ptr> connections;
  std::vector<subscription_ptr> closings;
  std::vector<subscription_ptr> outbound;
  std::shared_ptr<config_counters> counters;

  /// The subscriptions of a kind.
  std::vector<subscription_ptr>& of(source_kind kind) noexcept;
};

using config_routes_ptr = std::shared_ptr<const config_routes>;

/// Where one socket's events go: subscriptions of `config`, which keeps them.
struct socket_route {
  config_routes_ptr config;
  const subscription* messages = nullptr;
  /// Null where no source has a matching path.
  const subscription* connections = nullptr;
  const subscription* closings = nullptr;
};

/// The first subscription whose pattern matches; null where none does.
const subscription* find_subscription(const std::vector<subscription_ptr>& list,
                                      std::string_view path,
                                      path_params* params = nullptr);

/// Adds a subscription in its place.
/// @returns INVALID_ARGUMENT where one that matches the same paths exists.
caf::error add_subscription(config_routes& routes, source_kind kind,
                            subscription_ptr what);

/// Removes what feeds an actor.
/// @returns whether anything was removed.
bool remove_target(config_routes& routes, const caf::actor_addr& target);

/// All configurations that one shard serves.
class route_table {
public:
  void install(config_routes_ptr routes);

  /// Finds the route for a path at a listener: the longest base path with a
  /// matching source first.
  /// @param relative_path receives the path below the base path.
  std::optional<socket_route> find(std::string_view listener,
                                   std::string_view path,
                                   std::string& relative_path,
                                   path_params& params) const;

  /// The route of an outbound socket, whose messages nobody need take.
  /// @returns `nullopt` where the configuration is unknown.
  std::optional<socket_route> find_outbound(std::string_view config,
                                            std::string_view path) const;

private:
  /// Longest base path first.
  std::vector<config_routes_ptr> configs_;
};

/// The same options with another send queue.
/// @param what null: null.
/// @returns what it was given where nothing changes.
std::shared_ptr<const net::connection_options>
with_send_queue(std::shared_ptr<const net::connection_options> what,
                const send_queue_options& queue);

/// Connection options of a server configuration.
net::connection_options connection_options_of(const server_options& options);

} // namespace switchboard::actors
