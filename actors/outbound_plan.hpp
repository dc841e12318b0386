#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/options.hpp>

#include "net/connection.hpp"
#include "net/dial.hpp"

namespace switchboard::actors {

/// What all outbound sockets of one configuration share.
struct client_profile {
  std::string config;
  client_options options;
  std::shared_ptr<const net::dial_options> dial;
  std::shared_ptr<const net::connection_options> connection;
  std::shared_ptr<net::resolver> names;
};

using client_profile_ptr = std::shared_ptr<const client_profile>;

/// @param secure_wire for WSS; empty: it cannot be dialed.
/// @param proxy the one that `options.proxy` names; null where it names none.
client_profile_ptr make_client_profile(const websocket_options& options,
                                       const proxy_options* proxy,
                                       net::make_secure_wire secure_wire,
                                       std::shared_ptr<net::resolver> names);

/// How one outbound socket is opened, again and again: all that was decided
/// when it was asked for.
struct outbound_plan {
  client_profile_ptr profile;
  /// The profile's, with the send queue that this socket is to have.
  std::shared_ptr<const net::dial_options> dial;
  std::shared_ptr<const net::connection_options> connection;
  std::string socket_id;
  std::vector<std::string> groups;
  net::dial_target target;
  net::header_list headers;
  /// What operations and sources match their patterns with.
  std::string relative_path;
  std::vector<std::pair<std::string, std::string>> uri_params;
  reconnection_options reconnection;
  /// The supervisor, to be told of losses.
  caf::strong_actor_ptr keeper;

  /// `host:port`, for reports and errors.
  std::string address() const;
};

using outbound_plan_ptr = std::shared_ptr<const outbound_plan>;

/// The strategy of outbound sockets that bring none, by the path below the
/// base path.
using strategy_lookup =
    std::function<const reconnection_options&(const std::string& path)>;

/// The send queue that the sources say for outbound sockets, by the path below
/// the base path.
using send_queue_lookup =
    std::function<send_queue_options(const std::string& path)>;

/// Puts the plan together.
/// @param queue_fallback may be empty.
/// @param request with a socket id.
/// @returns INVALID_ARGUMENT where target, headers or groups cannot be used.
caf::expected<outbound_plan_ptr>
make_outbound_plan(client_profile_ptr profile, const outbound_options& request,
                   const strategy_lookup& fallback,
                   caf::strong_actor_ptr keeper,
                   const send_queue_lookup& queue_fallback = {});

/// The error of a handshake that failed.
caf::error error_of(const net::dial_failure& why);

} // namespace switchboard::actors
