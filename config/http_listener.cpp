#include <limits>

#include <switchboard/path_pattern.hpp>

#include "config/addresses.hpp"
#include "config/authentication.hpp"
#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"host", presence::required, "an address or host name to bind"},
    {"port", presence::required, "an integer from 0 to 65535"},
    {"protocol"},
    {"tls"},
    {"base_path"},
    {"handshake_timeout"},
    {"max_connections"},
    {"max_connections_per_address"},
    {"max_connection_rate"},
    {"max_handshakes"},
    {"max_header_size"},
    {"allowed_origins"},
    {"trusted_proxies"},
    {"authentication"},
};

enum class protocol { unset, http, https };

constexpr named<protocol> protocols[] = {
    {"HTTP", protocol::http},
    {"HTTPS", protocol::https},
};

/// Connections a second; a shorter time between two is none.
constexpr std::int64_t max_rate = 1'000'000;

/// Header limits are 32 bits wide in the HTTP parser.
constexpr std::uint64_t max_header_limit = 1024 * 1024 * 1024;

void read_allowed_origins(const table_reader& table,
                          http_listener_options& options) {
  auto origins = table.strings("allowed_origins");
  if (!origins)
    return;
  // An empty list would let everybody in, which nobody means by it.
  if (auto value = table.find("allowed_origins");
      value->node().as_array()->empty())
    value->refuse("is empty, expected at least one origin, or no such key "
                  "where any may connect");
  for (auto& origin : *origins) {
    if (is_origin_pattern(origin.value))
      options.allowed_origins.push_back(origin.value);
    else
      table.shared().refuse(origin, shown(origin)
                                        + " is no origin, expected one such as "
                                          "\"https://*.example.com\"");
  }
}

void read_trusted_proxies(const table_reader& table,
                          http_listener_options& options) {
  auto proxies = table.strings("trusted_proxies");
  if (!proxies)
    return;
  for (auto& proxy : *proxies) {
    if (is_address_or_cidr(proxy.value))
      options.trusted_proxies.push_back(proxy.value);
    else
      table.shared().refuse(
          proxy,
          shown(proxy)
              + " is no address, expected an address or CIDR block such as "
                "\"10.0.0.0/8\"");
  }
}

void read_protocol(const table_reader& table, http_listener_options& options,
                   draft& out) {
  if (auto name = table.string("tls")) {
    options.tls = name->value;
    out.tls_uses.push_back({std::move(*name), true});
  }
  auto spoken = protocol::unset;
  table.one_of("protocol", spoken, protocols);
  if (spoken == protocol::http && table.has("tls"))
    table.find("protocol")
        ->refuse("is \"HTTP\" beside a tls, expected "
                 "\"HTTPS\" or one of the two left out");
  if (spoken == protocol::https && !table.has("tls")
      && !table.is_misspelled("tls"))
    table.find("protocol")
        ->refuse("is \"HTTPS\" without a tls, expected the "
                 "name of a tls beside it");
}

void read_listener(const named_table& entry, draft& out) {
  table_reader table{entry.value, keys};
  http_listener_options options;
  listener_draft notes;
  options.name = entry.name;
  options.at = table.at();
  notes.key = table.key();
  if (auto host = table.find("host"))
    if ((notes.host = read_host(*host)))
      options.host = notes.host->value;
  if (table.integer("port", options.port, 0, 65535)) {
    notes.port = options.port;
    notes.port_at = table.find("port")->at();
  }
  read_protocol(table, options, out);
  notes.base_path = options.base_path;
  if (auto base = table.find("base_path")) {
    notes.base_path.reset();
    if (auto path = read_base_path(*base)) {
      options.base_path = path->value;
      notes.base_path = path->value;
    }
  }
  table.duration("handshake_timeout", options.handshake_timeout,
                 std::chrono::nanoseconds{1});
  table.integer("max_connections", options.max_connections, 1,
                std::numeric_limits<std::int64_t>::max());
  table.integer("max_connections_per_address",
                options.max_connections_per_address, 1,
                std::numeric_limits<std::int64_t>::max());
  table.integer("max_connection_rate", options.max_connection_rate, 1,
                max_rate);
  table.integer("max_handshakes", options.max_handshakes, 1,
                std::numeric_limits<std::int64_t>::max());
  table.size("max_header_size", options.max_header_size, 1, max_header_limit);
  read_allowed_origins(table, options);
  read_trusted_proxies(table, options);
  if (auto authentication = table.find("authentication"))
    options.authentication = read_authentication(*authentication);
  out.value.switchboard.listeners.push_back(std::move(options));
  out.listeners.push_back(std::move(notes));
}

} // namespace

std::optional<text> read_host(const value_reader& value) {
  constexpr std::string_view expected = "an address or host name";
  auto host = value.string(expected);
  if (host && !is_host(host->value)) {
    value.refuse(shown(*host) + " is no host, expected "
                 + std::string{expected});
    return std::nullopt;
  }
  return host;
}

std::optional<text> read_base_path(const value_reader& value) {
  auto path = value.string("a path such as \"/chat\"");
  if (!path)
    return std::nullopt;
  auto fits = [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7F
           && std::string_view{"{}*?#"}.find(c) == std::string_view::npos;
  };
  // Bytes above 0x7F never stand in a request line as they are.
  for (auto c : path->value)
    if (!fits(c)) {
      value.refuse(shown(*path)
                   + " is no base path, expected literal segments in ASCII "
                     "such as \"/chat\"");
      return std::nullopt;
    }
  path->value = join_paths({}, path->value);
  return path;
}

void read_http_listeners(const value_reader& section, draft& out) {
  auto known = section.shared().found.size();
  auto entries = named_tables(section, "a table [http_listener.NAME]");
  out.listeners_unclear = section.shared().found.size() != known;
  for (auto& entry : entries)
    read_listener(entry, out);
}

} // namespace switchboard::config
