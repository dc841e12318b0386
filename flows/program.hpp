#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <switchboard/flow_options.hpp>

#include "flows/diagnostic.hpp"
#include "flows/expression.hpp"
#include "flows/lua_sandbox.hpp"
#include "flows/message_digest.hpp"

namespace switchboard::flows {

struct step;
using step_list = std::vector<step>;

/// A list of names, or one expression that yields the list.
struct list_expression {
  std::vector<expression> items;
  bool from_expression = false;
};

/// Names with values, or one expression that yields a table of them.
struct pairs_expression {
  std::vector<std::pair<std::string, expression>> items;
  std::optional<expression> from_expression;
};

// The steps of flow_options.hpp, compiled. What is unset there is unset here.

struct send_action {
  std::optional<expression> config;
  std::optional<expression> socket_id;
  std::optional<expression> content;
  std::optional<bool> binary;
  std::optional<reconnection_options> reconnection;
};

/// The sockets of a broadcast or bulk close.
struct filter_expression {
  std::optional<expression> config;
  std::optional<expression> path;
  std::optional<expression> socket_type;
  list_expression groups;
};

struct broadcast_action {
  filter_expression to;
  std::optional<expression> content;
  std::optional<bool> binary;
};

struct close_action {
  std::optional<expression> config;
  std::optional<expression> socket_id;
  std::optional<expression> close_code;
  std::optional<expression> reason;
};

struct bulk_close_action {
  filter_expression to;
  std::optional<expression> close_code;
  std::optional<expression> reason;
};

struct open_action {
  std::optional<expression> config;
  std::optional<expression> socket_id;
  list_expression default_groups;
  std::optional<expression> path;
  std::optional<expression> url;
  pairs_expression headers;
  pairs_expression query_params;
  pairs_expression uri_params;
  std::optional<reconnection_options> reconnection;
  send_queue_options send_queue = {};
};

struct groups_action {
  /// Whether to subscribe; else to unsubscribe.
  bool subscribe = true;
  std::optional<expression> config;
  std::optional<expression> socket_id;
  list_expression groups;
};

struct http_request_action {
  std::optional<expression> method;
  expression url;
  pairs_expression headers;
  std::optional<expression> body;
  /// One of `program::backends`.
  std::shared_ptr<const http_request_settings> settings;
  /// Whether headers tell the error that is being handled.
  bool tells_error = false;
};

struct set_variable_action {
  std::string name;
  expression what;
};

struct log_action {
  expression text;
};

struct raise_error_action {
  expression type;
  std::optional<expression> message;
};

struct choice_action {
  struct branch {
    std::optional<expression> when;
    step_list steps;
  };
  std::vector<branch> branches;
};

struct for_each_action {
  expression items;
  step_list steps;
};

struct flow_ref_action {
  /// In `program::flows`.
  std::size_t flow = 0;
};

struct step {
  std::variant<send_action, broadcast_action, close_action, bulk_close_action,
               open_action, groups_action, http_request_action,
               set_variable_action, log_action, raise_error_action,
               choice_action, for_each_action, flow_ref_action>
      form;
  std::optional<expression> when;
  std::optional<std::string> target;
  std::optional<expression> target_value;
  source_place at;
};

struct redelivery_rule {
  /// Failures beyond which a message does not run; unset: no limit.
  std::optional<std::uint64_t> most_failures;
  /// Tells messages by their payload; unset: `id` does.
  std::optional<digest_algorithm> digest;
  std::optional<expression> id;
  std::string object_store;
};

struct dead_letter_rule {
  step_list steps;
  /// Whether the steps want `vars.dead_letter`: all there is to tell.
  bool takes_letter = false;
};

/// One flow, compiled.
struct flow {
  std::string name;
  flow_source source = flow_source::none;
  std::string config;
  std::string path;
  std::vector<std::string> default_groups;
  std::optional<std::string> output_mime_type;
  std::optional<std::string> output_encoding;
  std::optional<streaming_options> streaming;
  std::optional<reconnection_options> reconnection;
  send_queue_options send_queue = {};
  /// Of `schedule`; positive.
  std::chrono::nanoseconds every{0};
  /// 0: no limit.
  std::size_t max_concurrency = 0;
  /// 0: none.
  std::chrono::nanoseconds timeout{0};
  std::optional<redelivery_rule> redelivery;
  /// With the strategy `reconnect`.
  std::optional<reconnection_options> retry;
  std::optional<dead_letter_rule> dead_letter;
  step_list steps;
  step_list on_error;

  /// Whether a run that failed may not be the end of its event.
  bool has_policy() const noexcept {
    return redelivery || retry || dead_letter;
  }
};

/// All flows of a file. Never changes; shared by all shards.
struct program {
  std::vector<flow> flows;
  std::shared_ptr<const lua_chunks> chunks;
  /// What the steps `http_request` are made with.
  std::vector<std::shared_ptr<const http_request_settings>> backends;
};

/// What became of flows: a program, or what is wrong with them.
struct compiled {
  /// Null where there are diagnostics.
  std::shared_ptr<const program> value;
  /// All of them, in the flows' order.
  std::vector<diagnostic> diagnostics;
};

/// Compiles flows: every expression, the references between flows (which must
/// not go in a circle).
compiled compile(const std::vector<flow_options>& flows);

} // namespace switchboard::flows
