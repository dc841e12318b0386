#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/interfaces.hpp>

#include "actors/directory.hpp"
#include "actors/outbound_plan.hpp"
#include "actors/routes.hpp"
#include "actors/tap_messages.hpp"
#include "net/listener.hpp"
#include "net/outgoing.hpp"

namespace switchboard::actors {

// -- to a shard's actor
// ---------------------------------------------------------

/// Replaces one configuration's sources. Answered with nothing.
struct install_routes {
  config_routes_ptr routes;
};

/// Accepts on one more listening socket. Answered with nothing.
struct open_listener {
  /// One for each shard; the shard takes its own.
  std::shared_ptr<net::bound_listener> bound;
  std::shared_ptr<net::listener_state> state;
};

/// Accepts under other options on the sockets that were opened with `from`.
/// Answered with nothing.
struct change_listener {
  std::shared_ptr<const net::listener_state> from;
  std::shared_ptr<net::listener_state> to;
};

/// Accepts no more on the sockets that were opened with a state; handshakes
/// under way go on. Answered with nothing.
struct retire_listener {
  std::shared_ptr<const net::listener_state> which;
};

/// Accepts no more, opens no more, and cuts handshakes. Answered with nothing.
struct close_listeners {};

/// Opens a connection for an outbound socket. Answered with its handle, a
/// `caf::strong_actor_ptr`, or with why there is none.
struct open_outbound {
  outbound_plan_ptr plan;
  /// The socket that goes on over it; null: a new one.
  caf::strong_actor_ptr socket;
  std::uint32_t generation = 0;
  /// For all of the handshake.
  std::chrono::nanoseconds patience{0};
};

/// Tries whether the peer can be reached: TCP, proxy, TLS. Answered with
/// nothing.
struct test_outbound {
  outbound_plan_ptr plan;
  std::chrono::nanoseconds patience{0};
};

/// Writes to every matching socket; answered with a `broadcast_result` once
/// the turn's output is out.
struct walk_broadcast {
  std::shared_ptr<const compiled_filter> filter;
  net::outgoing_message message;
};

/// Closes every matching socket; answered with a `bulk_close_result` after
/// the last one is gone.
struct walk_close {
  std::shared_ptr<const compiled_filter> filter;
  close_code code = close_codes::normal_closure;
  std::string reason;
};

/// Begins to close at most so many sockets of a type. Answered at once with
/// how many are still to be told, a `std::uint64_t`.
struct close_some {
  socket_type type = socket_type::inbound;
  std::size_t limit = 0;
  close_code code = close_codes::endpoint_going_down;
  std::string reason;
};

/// Answered with a `socket_list` of at most `limit`, sorted by id.
struct walk_list {
  std::shared_ptr<const compiled_filter> filter;
  std::size_t limit = 0;
  std::string after;
};

/// Answered with a `group_list`.
struct walk_groups {
  std::string config;
};

/// A source's target has died: nobody answers for its events any more.
struct target_died {
  caf::actor_addr target;
};

/// Answered with nothing once no socket is left and every closed event is
/// handed out.
struct await_no_sockets {};

/// Cuts every socket and hands out every closed event. Answered with nothing.
struct cut_everything {};

struct registry_setup;

// -- to a supervisor
// -------------------------------------------------------------

/// Begins to bind; answered when bound, or at the first failure, or, with
/// `fails_deployment`, when the strategy is spent.
using begin_atom = caf::atom_constant<caf::atom("begin")>;
using again_atom = caf::atom_constant<caf::atom("again")>;

/// An outbound socket has lost its connection and wants another.
struct outbound_lost {
  caf::strong_actor_ptr socket;
  std::string socket_id;
  /// Close code and reason.
  std::string why;
};

/// The time of an outbound socket's next attempt has come.
struct dial_again {
  std::uint64_t serial = 0;
};

/// An opening has waited long enough for a place below `max_connections`.
struct place_expired {
  std::uint64_t serial = 0;
};

/// Opens and reconnects nothing any more; whoever waits is told.
struct stop_dialing {};

/// Other settings for what comes from here on. Answered with nothing once
/// every shard knows.
struct reconfigure {
  /// Of the same name; without server and client where the configuration is
  /// no more.
  websocket_options options;
  std::string base_path;
  /// Null where there are no client settings.
  client_profile_ptr profile;
};

/// Closes an outbound socket normally, or gives up opening it. Answered with
/// nothing once its id is free.
struct withdraw_outbound {
  std::string socket_id;
};

/// The registry as our own folders see it.
using internal_registry_actor =
    registry_actor::extend<caf::replies_to<end_taps>::with<void>,
                           caf::reacts_to<tap_over>,
                           caf::reacts_to<registry_setup>>;

/// Owns one configuration: binds its listener and keeps its outbound sockets
/// by its reconnection strategy, keeps its sources.
using supervisor_actor = caf::typed_actor<
    // CONNECTIVITY or RETRY_EXHAUSTED with `fails_deployment`.
    caf::replies_to<begin_atom>::with<void>,
    // The time of the next attempt has come.
    caf::reacts_to<again_atom>,
    // INVALID_ARGUMENT.
    caf::replies_to<subscribe_source_request>::with<void>,
    // Never fails; the number of open sockets is the counters' difference.
    caf::replies_to<list_configs_request>::with<config_info>,
    // With an id that is reserved; see `registry_actor`.
    caf::replies_to<open_outbound_socket_request>::with<std::string>,
    // Of a socket that it opened.
    caf::reacts_to<outbound_lost>,
    // Of its own.
    caf::reacts_to<dial_again>, caf::reacts_to<place_expired>,
    // Before the switchboard stops.
    caf::reacts_to<stop_dialing>,
    // INVALID_ARGUMENT.
    caf::replies_to<update_sources_request>::with<void>,
    // Never fail.
    caf::replies_to<reconfigure>::with<void>,
    caf::replies_to<withdraw_outbound>::with<void>>;

/// Whom the registry works with; its first message.
struct registry_setup {
  std::vector<caf::strong_actor_ptr> shards;
  /// By configuration.
  std::map<std::string, supervisor_actor> supervisors;
  /// Configurations with client settings.
  std::vector<std::string> clients;
};

} // namespace switchboard::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::install_routes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::open_listener)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::change_listener)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::retire_listener)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::reconfigure)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::withdraw_outbound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::close_listeners)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::open_outbound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::test_outbound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::outbound_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::dial_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::place_expired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::stop_dialing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::walk_broadcast)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::walk_close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::close_some)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::walk_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::walk_groups)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::target_died)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::await_no_sockets)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::cut_everything)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::registry_setup)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::config_info)
