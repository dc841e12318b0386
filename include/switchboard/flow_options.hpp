#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <switchboard/options.hpp>

namespace switchboard {

/// A string of a flow: a constant, or text with any number of `#[ … ]`.
struct template_text {
  std::string text;
  source_place at;
};

/// A list of strings, or one `#[ … ]` that yields a list.
struct template_list {
  std::vector<template_text> items;
  /// Whether `items` holds the one expression that stands for all.
  bool from_expression = false;
};

/// Names with values, or one `#[ … ]` that yields a table of them.
struct template_pairs {
  /// A name may stand repeatedly.
  std::vector<std::pair<std::string, template_text>> items;
  std::optional<template_text> from_expression;
};

struct step_options;

struct send_step {
  std::optional<template_text> config;
  /// Unset: the event's socket.
  std::optional<template_text> socket_id;
  /// Unset: the payload.
  std::optional<template_text> content;
  /// Unset: as the payload came where the content is the payload unchanged,
  /// else text.
  std::optional<bool> binary;
  /// Unset: the configuration's.
  std::optional<reconnection_options> reconnection = std::nullopt;
};

struct broadcast_step {
  std::optional<template_text> config;
  std::optional<template_text> path;
  std::optional<template_text> socket_type;
  template_list groups;
  std::optional<template_text> content;
  std::optional<bool> binary;
};

struct close_socket_step {
  std::optional<template_text> config;
  std::optional<template_text> socket_id;
  /// By name or number.
  std::optional<template_text> close_code;
  std::optional<template_text> reason;
};

struct bulk_close_sockets_step {
  std::optional<template_text> config;
  std::optional<template_text> path;
  std::optional<template_text> socket_type;
  template_list groups;
  std::optional<template_text> close_code;
  std::optional<template_text> reason;
};

struct open_outbound_socket_step {
  std::optional<template_text> config;
  /// Unset: made up.
  std::optional<template_text> socket_id;
  template_list default_groups;
  std::optional<template_text> path;
  std::optional<template_text> url;
  template_pairs headers;
  template_pairs query_params;
  template_pairs uri_params;
  /// Unset: the configuration's.
  std::optional<reconnection_options> reconnection = std::nullopt;
  send_queue_options send_queue = {};
};

struct subscribe_groups_step {
  std::optional<template_text> config;
  std::optional<template_text> socket_id;
  template_list groups;
};

struct unsubscribe_groups_step {
  std::optional<template_text> config;
  std::optional<template_text> socket_id;
  template_list groups;
};

/// What is constant in an `http_request`.
struct http_request_settings {
  /// Of one attempt, from the wait for a connection to the answer's last byte.
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};
  /// Signs the request; empty: no signature.
  std::string secret;
  /// Name of a `tls_options`; empty: OpenSSL's defaults and the system's trust
  /// store.
  std::string tls;
  /// Name of a `proxy_options`; empty: none.
  std::string proxy;
  /// Connections to one target. Steps that agree on target, tls, proxy and
  /// these two limits share them.
  std::size_t max_connections = 32;
  /// Requests to one target that may wait for a connection.
  std::size_t queue_limit = 1024;
  /// In bytes; a larger answer is an error.
  std::size_t max_response_size = 1024 * 1024;
  /// Unset: one attempt.
  std::optional<reconnection_options> reconnection = std::nullopt;
  /// Whether the headers of a CloudEvent go along.
  bool event = true;
  /// Whether the target may be asked twice for one event; unset: by method.
  std::optional<bool> idempotent = std::nullopt;
  /// Who asks the target first whether it wants events at all (the abuse
  /// protection of CloudEvents' webhooks); empty: nobody.
  std::string webhook_origin;
};

struct http_request_step {
  /// Unset: POST.
  std::optional<template_text> method;
  template_text url;
  template_pairs headers;
  /// Unset: the payload.
  std::optional<template_text> body;
  http_request_settings settings;
};

struct set_variable_step {
  std::string name;
  template_text value;
};

struct log_step {
  template_text text;
};

struct raise_error_step {
  template_text type;
  std::optional<template_text> message;
};

struct choice_branch {
  /// Unset: otherwise.
  std::optional<template_text> when;
  std::vector<step_options> steps;
};

struct choice_step {
  std::vector<choice_branch> branches;
};

struct for_each_step {
  template_text items;
  std::vector<step_options> steps;
};

struct flow_ref_step {
  std::string name;
};

struct step_options {
  std::variant<send_step, broadcast_step, close_socket_step,
               bulk_close_sockets_step, open_outbound_socket_step,
               subscribe_groups_step, unsubscribe_groups_step,
               http_request_step, set_variable_step, log_step, raise_error_step,
               choice_step, for_each_step, flow_ref_step>
      form;
  std::optional<template_text> when;
  std::optional<std::string> target;
  std::optional<template_text> target_value;
  source_place at;
};

/// Counts how often the same message has failed, and does not run it any more
/// beyond a limit.
struct redelivery_options {
  /// A message runs at most once more than this; -1: no limit.
  std::int32_t max_redelivery_count = 5;
  /// One of OpenSSL's digests, which tells messages by their payload.
  std::string message_digest_algorithm = "SHA-256";
  /// Tells messages in place of a digest.
  std::optional<template_text> id_expression = std::nullopt;
  /// Where the counts are kept; empty: the default store.
  std::string object_store;
  source_place at;
};

/// Runs a flow that has failed once more for the same event.
struct retry_options {
  /// Runs after the first.
  std::uint32_t count = 2;
  std::chrono::nanoseconds frequency = std::chrono::seconds{2};
  backoff_options backoff;
};

/// Sockets of the flow's configuration that get what a flow has given up.
struct dead_letter_group {
  template_text name;
};

/// Who takes what a flow has given up.
struct dead_letter_options {
  std::variant<flow_ref_step, dead_letter_group, http_request_step> to;
  source_place at;
};

enum class flow_source : std::uint8_t {
  /// Called by `flow_ref` only.
  none,
  inbound_listener,
  on_inbound_connection,
  on_socket_closed,
  outbound_listener,
  startup,
  schedule,
};

/// Where a flow keeps the bytes of a message.
struct streaming_options {
  enum class kind : std::uint8_t {
    /// In memory, up to a size of its own.
    in_memory,
    /// In memory, and in a temporary file where it is larger.
    file_store,
    /// The same, but it can be read once only.
    non_repeatable,
  };

  kind type = kind::in_memory;
  // In bytes; the first three are of `in_memory`.
  std::size_t initial_buffer_size = 512 * 1024;
  /// 0: it does not grow beyond its initial size.
  std::size_t buffer_size_increment = 512 * 1024;
  /// 0: no limit but that of messages.
  std::size_t max_buffer_size = 1024 * 1024;
  /// What is larger goes into a file.
  std::size_t in_memory_size = 512 * 1024;
};

/// `[[flow]]`.
struct flow_options {
  std::string name;
  flow_source source = flow_source::none;
  /// The configuration; always set once a file was read, empty for
  /// `startup`, `schedule` and `none`.
  std::string config;
  /// Relative to the base path.
  std::string path = "/*";
  std::vector<std::string> default_groups;
  /// Unset: the handshake's Content-Type, else by the message's kind.
  std::optional<std::string> output_mime_type;
  /// What binary messages are written in, by a name that ICU knows. Unset:
  /// UTF-8, and what is not is left alone.
  std::optional<std::string> output_encoding = std::nullopt;
  /// Of the sources of messages. Unset: in memory, as large as a message may
  /// be.
  std::optional<streaming_options> streaming = std::nullopt;
  /// Of the sources of sockets, see `subscribe_source_request`. Unset: the
  /// configuration's.
  std::optional<reconnection_options> reconnection = std::nullopt;
  /// Of the sockets on its path; of the two sources of messages.
  send_queue_options send_queue = {};
  /// Of `schedule`.
  std::chrono::nanoseconds every{0};
  /// Events in work at once, over all shards; 0: no limit.
  std::size_t max_concurrency = 0;
  /// Of one run; 0: none.
  std::chrono::nanoseconds timeout{0};
  /// Unset: nobody counts.
  std::optional<redelivery_options> redelivery = std::nullopt;
  /// Unset: one run.
  std::optional<retry_options> retry = std::nullopt;
  /// Unset: nobody.
  std::optional<dead_letter_options> dead_letter = std::nullopt;
  std::vector<step_options> steps;
  std::vector<step_options> on_error;
  source_place at;
};

} // namespace switchboard
