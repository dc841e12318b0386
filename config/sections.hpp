#pragma once

#include "config/draft.hpp"
#include "config/table_reader.hpp"

namespace switchboard::config {

// One reader a section; each in the file of its name.

/// `http_listener`: all tables `[http_listener.NAME]`.
void read_http_listeners(const value_reader& section, draft& out);

/// `tls`: all tables `[tls.NAME]`.
void read_tls(const value_reader& section, draft& out);

/// `websocket`: all tables `[websocket.NAME]`.
void read_websockets(const value_reader& section, draft& out);

/// `proxy`: all tables `[proxy.NAME]`.
void read_proxies(const value_reader& section, draft& out);

/// `[[outbound]]`.
void read_outbound(const value_reader& section, draft& out);

/// `[[flow]]`.
void read_flows(const value_reader& section, draft& out);

/// `object_store`: all tables `[object_store.NAME]`.
void read_object_stores(const value_reader& section, draft& out);

void read_runtime(const value_reader& section, draft& out);

void read_limits(const value_reader& section, draft& out);

void read_admin(const value_reader& section, draft& out);

void read_log(const value_reader& section, draft& out);

/// Reads a base path: literal segments only.
/// @returns it with a leading and without a trailing slash.
std::optional<text> read_base_path(const value_reader& value);

/// Reads the key `default_groups`.
void read_default_groups(const table_reader& table,
                         std::vector<std::string>& out);

/// Reads the address or name of a host.
std::optional<text> read_host(const value_reader& value);

} // namespace switchboard::config
