#pragma once

#include <optional>
#include <string>
#include <vector>

#include <switchboard/path_pattern.hpp>

#include "config/document.hpp"
#include "config/shown.hpp"

namespace switchboard::config {

/// What the cross checks need beside the options: places, and which parts
/// could not be read. A mistake that was reported must not cause another.
struct listener_draft {
  std::string key;
  /// Unset: wrong.
  std::optional<text> host;
  std::optional<std::uint16_t> port;
  source_place port_at;
  std::optional<std::string> base_path;
};

struct websocket_draft {
  std::string key;
  /// Unset: absent or wrong.
  std::optional<text> listener;
  std::optional<text> base_path;
  bool base_path_wrong = false;
  /// Whether the tables are there, be they right or wrong.
  bool has_server = false;
  bool has_client = false;
  /// The client's; unset: absent or wrong.
  std::optional<text> proxy;
  std::optional<text> tls;
};

struct outbound_draft {
  std::string key;
  /// Unset: absent or wrong.
  std::optional<text> socket_id;
  std::optional<text> config;
  bool config_wrong = false;
};

/// The configuration that a step opens a socket of.
struct opening_draft {
  std::string key;
  /// Of the step.
  source_place at;
  /// Unset: left out, which makes it the flow's.
  std::optional<text> config;
};

struct flow_draft {
  std::string key;
  std::optional<text> name;
  /// Unset: wrong.
  std::optional<flow_source> source = flow_source::none;
  std::optional<text> config;
  bool config_wrong = false;
  /// Of the sources of sockets; unset: wrong.
  std::optional<path_pattern> path;
  source_place path_at;
  /// The flows that its steps call.
  std::vector<text> flow_refs;
  /// The configurations that its steps name as constants.
  std::vector<text> step_configs;
  std::vector<opening_draft> openings;
  /// What its steps `http_request` name.
  std::vector<text> http_tls;
  std::vector<text> http_proxies;
  /// The stores that its policy names.
  std::vector<text> object_stores;
  /// The steps that leave `socket_id` to the event: keys without a value.
  std::vector<text> socketless_steps;
};

struct admin_draft {
  /// Unset: absent or wrong.
  std::optional<text> host;
  std::string key = "admin";
  /// Whether `tokens` holds something, be it right or wrong.
  bool has_tokens = false;
  bool tls_wrong = false;
  bool host_wrong = false;
  bool port_wrong = false;
};

struct object_store_draft {
  std::string key;
  /// Of `sqlite`; unset: absent or wrong.
  std::optional<text> path;
};

/// A place that names a `[tls.NAME]`.
struct tls_use {
  text name;
  /// Whether it accepts connections, for which there must be a key.
  bool serves = false;
};

/// The document while it is read. The drafts stand in the order of the
/// options that they accompany.
struct draft {
  document value;
  std::vector<listener_draft> listeners;
  std::vector<websocket_draft> websockets;
  std::vector<outbound_draft> outbound;
  std::vector<flow_draft> flows;
  std::vector<object_store_draft> object_stores;
  std::vector<tls_use> tls_uses;
  admin_draft admin;
  /// Whether there may be more of them than could be read.
  bool listeners_unclear = false;
  bool websockets_unclear = false;
  bool proxies_unclear = false;
  bool tls_unclear = false;
  bool object_stores_unclear = false;
};

} // namespace switchboard::config
