#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>
#include <caf/meta/type_name.hpp>

#include <switchboard/attributes.hpp>
#include <switchboard/close_code.hpp>
#include <switchboard/error.hpp>
#include <switchboard/options.hpp>
#include <switchboard/payload.hpp>
#include <switchboard/post_mortem.hpp>
#include <switchboard/socket_filter.hpp>
#include <switchboard/tap.hpp>
#include <switchboard/token_messages.hpp>

namespace switchboard {

// -- operations: from anyone to the registry ----------------------------------

/// Sends one message through one socket. Answered once the frame was handed
/// to the operating system. In every operation an empty `config` means any.
struct send_request {
  std::string config;
  std::string socket_id;
  payload content;
  /// How to meet a socket that is being reconnected, in place of its
  /// configuration's.
  std::optional<reconnection_options> reconnection = std::nullopt;
};

struct broadcast_request {
  socket_filter to;
  payload content;
};

/// A socket that matched a broadcast and could not be reached.
struct broadcast_failure {
  std::string socket_id;
  socket_type type = socket_type::inbound;
  std::string uri;
  std::string error_type;
  std::string error_message;
  caf::error error;
};

struct broadcast_result {
  std::uint64_t matched = 0;
  std::vector<broadcast_failure> failures;
};

/// Closes one socket. Answered after the closing handshake or its deadline.
struct close_request {
  std::string config;
  std::string socket_id;
  close_code code = close_codes::normal_closure;
  std::string reason;
};

struct bulk_close_request {
  socket_filter to;
  close_code code = close_codes::normal_closure;
  std::string reason;
};

/// Answered after the last closing handshake or its deadline.
struct bulk_close_result {
  std::uint64_t closed = 0;
};

struct subscribe_groups_request {
  std::string config;
  std::string socket_id;
  std::vector<std::string> groups;
};

struct unsubscribe_groups_request {
  std::string config;
  std::string socket_id;
  std::vector<std::string> groups;
};

/// Opens an outbound socket. Answered with its id once it is open.
using open_outbound_socket_request = outbound_options;

// -- questions to the registry
// -------------------------------------------------

struct get_socket_request {
  std::string socket_id;
};

struct list_sockets_request {
  socket_filter which;
  /// The most sockets in the answer, 1 to 10,000.
  std::uint32_t limit = 100;
  /// Only ids greater than this, in byte order.
  std::string after;
};

struct socket_list {
  /// Sorted by id.
  std::vector<socket_info> sockets;
  /// Where to go on; empty at the end.
  std::string next;
};

/// Asks for sockets that are gone.
struct list_closed_request {
  socket_filter which;
  /// The most sockets in the answer, 1 to 1,000.
  std::uint32_t limit = 100;
  /// Only those that ended before the one with this serial number; 0: all.
  std::uint64_t before = 0;
};

struct closed_list {
  /// Newest first.
  std::vector<post_mortem> sockets;
  /// Where to go on; 0 at the end.
  std::uint64_t next = 0;
};

/// Asks for the last socket with this id that is gone.
struct get_closed_request {
  std::string socket_id;
};

struct list_groups_request {
  /// Empty: of all configurations.
  std::string config;
};

struct group_info {
  std::string config;
  std::string name;
  std::uint64_t sockets = 0;
};

struct group_list {
  /// Sorted by configuration and name.
  std::vector<group_info> groups;
};

struct list_configs_request {};

struct config_info {
  std::string name;
  std::string listener;
  std::string base_path;
  /// Whether the listener is bound.
  bool listening = false;
  /// `address:port` once bound.
  std::string address;
  std::uint64_t sockets = 0;
  /// Since the start.
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  /// Connections of outbound sockets that were lost and replaced, or are
  /// being replaced, since the start.
  std::uint64_t lost = 0;
  /// Why the listener is not bound.
  std::string problem;
};

struct config_list {
  std::vector<config_info> configs;
};

// -- sources
// ---------------------------------------------------------------------

enum class source_kind : std::uint8_t {
  /// Messages; its path is what sockets may connect to.
  inbound_listener,
  /// A new socket, before its first message. An error closes it with 1008.
  on_inbound_connection,
  /// A socket that is gone.
  on_socket_closed,
  /// Messages of outbound sockets.
  outbound_listener,
};

/// Makes an actor the target of a source. Ends with the actor. The
/// configuration may be left out where only one exists.
/// Fails with INVALID_ARGUMENT for an unknown configuration, a wrong
/// pattern, one that matches the same paths as another of the same kind, or
/// sources of one listener that differ in how it is bound.
struct subscribe_source_request {
  std::string config;
  source_kind kind = source_kind::inbound_listener;
  /// A `path_pattern` below the base path.
  std::string path;
  /// One actor for all sockets, or one for each shard, in order: events then
  /// stay on the shard's thread where the actor is pinned to it. Takes
  /// `message_event`, `connection_event` or `closed_event` by kind.
  std::vector<caf::strong_actor_ptr> targets;
  /// Groups of new sockets (inbound_listener).
  std::vector<std::string> default_groups;
  /// Events of one socket that the target may owe an answer for; beyond it
  /// the socket is not read. 1: strictly one at a time.
  std::uint32_t credit = 16;
  /// Stands in place of the configuration's. outbound_listener: for the
  /// outbound sockets on its path that bring none themselves; the others: for
  /// binding the configuration's listener.
  std::optional<reconnection_options> reconnection = std::nullopt;
  /// Of the sockets on its path (inbound_listener, outbound_listener).
  send_queue_options send_queue = {};
};

/// Replaces sources of one configuration in one step: no handshake finds some
/// of them gone and the others not there yet. Sockets that are open keep what
/// their handshake has found.
/// Fails as `subscribe_source_request` does; then nothing has changed.
struct update_sources_request {
  std::string config;
  /// Sources that feed one of these are ended.
  std::vector<caf::strong_actor_ptr> remove;
  /// All of this configuration; their own `config` is not looked at.
  std::vector<subscribe_source_request> add;
};

/// A message arrived. Answered when the handler is done with it; that gives
/// the socket its credit back. An error is logged and the socket stays open;
/// only the handler's death closes it, with 1011.
struct message_event {
  /// `socket_actor`, to answer directly.
  caf::strong_actor_ptr socket;
  socket_attributes attributes;
  payload content;
};

/// An inbound socket was accepted. Answered when messages may follow; an
/// error closes the socket with 1008.
struct connection_event {
  caf::strong_actor_ptr socket;
  socket_attributes attributes;
};

/// A socket is gone. Not answered.
struct closed_event {
  socket_attributes attributes;
  close_outcome outcome;
  socket_counters counters;
};

// -- to a socket, by its handle
// ----------------------------------------------------

struct socket_send {
  payload content;
};

struct socket_close {
  close_code code = close_codes::normal_closure;
  std::string reason;
};

struct socket_subscribe {
  std::vector<std::string> groups;
};

struct socket_unsubscribe {
  std::vector<std::string> groups;
};

struct socket_query {};

// -- inspection
// ------------------------------------------------------------------

#define SWITCHBOARD_INSPECT(type, ...)                                         \
  template <class Inspector>                                                   \
  typename Inspector::result_type inspect(Inspector& f, type& x) {             \
    return f(caf::meta::type_name(#type) __VA_OPT__(, ) __VA_ARGS__);          \
  }

SWITCHBOARD_INSPECT(backoff_options, x.factor, x.max, x.jitter)
SWITCHBOARD_INSPECT(reconnection_options, x.fails_deployment, x.strategy,
                    x.frequency, x.count, x.blocking, x.backoff,
                    x.final_close_codes)
SWITCHBOARD_INSPECT(broadcast_request, x.to, x.content)
SWITCHBOARD_INSPECT(broadcast_failure, x.socket_id, x.type, x.uri, x.error_type,
                    x.error_message, x.error)
SWITCHBOARD_INSPECT(broadcast_result, x.matched, x.failures)
SWITCHBOARD_INSPECT(close_request, x.config, x.socket_id, x.code, x.reason)
SWITCHBOARD_INSPECT(bulk_close_request, x.to, x.code, x.reason)
SWITCHBOARD_INSPECT(bulk_close_result, x.closed)
SWITCHBOARD_INSPECT(subscribe_groups_request, x.config, x.socket_id, x.groups)
SWITCHBOARD_INSPECT(unsubscribe_groups_request, x.config, x.socket_id, x.groups)
SWITCHBOARD_INSPECT(get_socket_request, x.socket_id)
SWITCHBOARD_INSPECT(list_sockets_request, x.which, x.limit, x.after)
SWITCHBOARD_INSPECT(socket_list, x.sockets, x.next)
SWITCHBOARD_INSPECT(list_closed_request, x.which, x.limit, x.before)
SWITCHBOARD_INSPECT(closed_list, x.sockets, x.next)
SWITCHBOARD_INSPECT(get_closed_request, x.socket_id)
SWITCHBOARD_INSPECT(list_groups_request, x.config)
SWITCHBOARD_INSPECT(group_info, x.config, x.name, x.sockets)
SWITCHBOARD_INSPECT(group_list, x.groups)
SWITCHBOARD_INSPECT(config_info, x.name, x.listener, x.base_path, x.listening,
                    x.address, x.sockets, x.opened, x.closed, x.lost, x.problem)
SWITCHBOARD_INSPECT(config_list, x.configs)
SWITCHBOARD_INSPECT(message_event, x.socket, x.attributes, x.content)
SWITCHBOARD_INSPECT(connection_event, x.socket, x.attributes)
SWITCHBOARD_INSPECT(closed_event, x.attributes, x.outcome, x.counters)
SWITCHBOARD_INSPECT(socket_send, x.content)
SWITCHBOARD_INSPECT(socket_close, x.code, x.reason)
SWITCHBOARD_INSPECT(socket_subscribe, x.groups)
SWITCHBOARD_INSPECT(socket_unsubscribe, x.groups)

namespace detail {

/// Inspects members, and an optional one behind them.
template <class Inspector, class T, class... Ts>
typename Inspector::result_type
inspect_with_optional(Inspector& f, const char* name, std::optional<T>& last,
                      Ts&... members) {
  auto present = last.has_value();
  auto value = last.value_or(T{});
  auto load = [&]() -> caf::error {
    if (present)
      last = std::move(value);
    else
      last.reset();
    return caf::none;
  };
  return f(caf::meta::type_name(name), members..., present, value,
           caf::meta::load_callback(load));
}

} // namespace detail

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, send_queue_options& x) {
  return detail::inspect_with_optional(f, "send_queue_options", x.slow_consumer,
                                       x.limit);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, send_request& x) {
  return detail::inspect_with_optional(f, "send_request", x.reconnection,
                                       x.config, x.socket_id, x.content);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f,
                                        subscribe_source_request& x) {
  return detail::inspect_with_optional(
      f, "subscribe_source_request", x.reconnection, x.config, x.kind, x.path,
      x.targets, x.default_groups, x.credit, x.send_queue);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f,
                                        update_sources_request& x) {
  return f(caf::meta::type_name("update_sources_request"), x.config, x.remove,
           x.add);
}

/// Where it stands in a file does not travel.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, outbound_options& x) {
  return detail::inspect_with_optional(f, "outbound_options", x.reconnection,
                                       x.config, x.socket_id, x.default_groups,
                                       x.path, x.url, x.headers, x.query_params,
                                       x.uri_params, x.send_queue);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, list_configs_request&) {
  return f(caf::meta::type_name("list_configs_request"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, socket_query&) {
  return f(caf::meta::type_name("socket_query"));
}

#undef SWITCHBOARD_INSPECT

} // namespace switchboard

CAF_BEGIN_TYPE_ID_BLOCK(switchboard, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(switchboard, (switchboard::payload))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_attributes))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_info))
CAF_ADD_TYPE_ID(switchboard, (switchboard::send_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::broadcast_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::broadcast_failure))
CAF_ADD_TYPE_ID(switchboard, (switchboard::broadcast_result))
CAF_ADD_TYPE_ID(switchboard, (switchboard::close_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::bulk_close_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::bulk_close_result))
CAF_ADD_TYPE_ID(switchboard, (switchboard::subscribe_groups_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::unsubscribe_groups_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::get_socket_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::list_sockets_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_list))
CAF_ADD_TYPE_ID(switchboard, (switchboard::list_groups_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::group_list))
CAF_ADD_TYPE_ID(switchboard, (switchboard::list_configs_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::config_list))
CAF_ADD_TYPE_ID(switchboard, (switchboard::subscribe_source_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::message_event))
CAF_ADD_TYPE_ID(switchboard, (switchboard::connection_event))
CAF_ADD_TYPE_ID(switchboard, (switchboard::closed_event))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_send))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_close))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_subscribe))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_unsubscribe))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_query))
CAF_ADD_TYPE_ID(switchboard, (switchboard::open_outbound_socket_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::post_mortem))
CAF_ADD_TYPE_ID(switchboard, (switchboard::list_closed_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::closed_list))
CAF_ADD_TYPE_ID(switchboard, (switchboard::get_closed_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::update_sources_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::renew_token_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::socket_renew_token))
CAF_ADD_TYPE_ID(switchboard, (switchboard::tap_request))
CAF_ADD_TYPE_ID(switchboard, (switchboard::tap_events))
CAF_ADD_TYPE_ID(switchboard, (switchboard::tap_end))
CAF_END_TYPE_ID_BLOCK(switchboard)
