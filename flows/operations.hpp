#pragma once

#include <string>
#include <variant>

#include <caf/all.hpp>

#include <switchboard/messages.hpp>

#include "flows/backend_call.hpp"
#include "flows/cloud_event.hpp"
#include "flows/program.hpp"
#include "flows/scope.hpp"

namespace switchboard::flows {

/// A message for the event's own socket, past the registry.
struct direct_send {
  caf::strong_actor_ptr socket;
  payload content;
};

/// Bytes that an expression wants to see and that are not in memory; of the
/// run's payload or one of its variables.
struct load_request {
  const document* of = nullptr;
};

/// What a step asks of the actors; a `value` where the answer is known
/// without asking.
using operation =
    std::variant<value, direct_send, send_request, broadcast_request,
                 close_request, bulk_close_request,
                 open_outbound_socket_request, subscribe_groups_request,
                 unsubscribe_groups_request, backend_call, load_request>;

/// Where a step runs.
struct step_context {
  const scope& in;
  lua_sandbox& lua;
  /// The flow's configuration; empty: any.
  const std::string& config;
  /// The event's socket; null where it has none, or it is gone.
  const caf::strong_actor_ptr& socket;
  /// The flow of the event.
  const flow& root;
  /// Gets its id by the first that wants to know it.
  event_identity& event;
};

/// Whether a step sends to the event's own socket, the way most messages go:
/// then `make_direct_send` does for `make_operation`.
bool answers_directly(const send_action& x, const step_context& at);
direct_send make_direct_send(const send_action& x, const step_context& at);

// Evaluate a step's parameters. Throw `failure`: EXPRESSION, INVALID_ARGUMENT.
operation make_operation(const send_action& x, const step_context& at);
operation make_operation(const broadcast_action& x, const step_context& at);
operation make_operation(const close_action& x, const step_context& at);
operation make_operation(const bulk_close_action& x, const step_context& at);
operation make_operation(const open_action& x, const step_context& at);
operation make_operation(const groups_action& x, const step_context& at);
operation make_operation(const http_request_action& x, const step_context& at);

/// The names and values of a parameter.
/// @param key the parameter, for messages.
/// Throws `failure`: EXPRESSION, INVALID_ARGUMENT.
string_pairs pairs_of(const pairs_expression& pairs, const step_context& at,
                      const char* key);

/// `{ matched, failures }`, each failure with socket_id, type, uri,
/// error_type and error_message.
value to_value(const broadcast_result& result);

/// `{ closed }`.
value to_value(const bulk_close_result& result);

/// The id of a socket that was opened.
value to_value(const std::string& socket_id);

/// The payload of a closed event: `{ code, reason, clean, code_number }`.
value to_value(const close_outcome& outcome);

} // namespace switchboard::flows
