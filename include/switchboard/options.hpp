#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <switchboard/authentication_options.hpp>
#include <switchboard/limit_options.hpp>
#include <switchboard/report_part.hpp>
#include <switchboard/source_place.hpp>
#include <switchboard/tls_options.hpp>

namespace switchboard {

/// A page that a listener serves to plain GET and HEAD requests.
struct static_page {
  /// The exact path, as in `/` or `/app.js`.
  std::string path;
  std::string content_type;
  std::string body;

  friend bool operator==(const static_page&, const static_page&) = default;
};

/// `[http_listener.NAME]`: an address that accepts HTTP and upgrades.
struct http_listener_options {
  std::string name;
  /// Address or host name to bind; a name is resolved once, at start.
  std::string host;
  /// 0: any free port, the same for every shard.
  std::uint16_t port = 0;
  /// Overridden by a configuration's `server_options::base_path`.
  std::string base_path = "/";
  /// Name of a `tls_options`, which makes it HTTPS; empty: HTTP.
  std::string tls;
  /// From accept to the finished upgrade; the peer is cut when it is over.
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds{10};
  /// Open connections of this listener, handshakes included; further ones
  /// are answered with 503.
  std::size_t max_connections = std::numeric_limits<std::size_t>::max();
  /// Of them those of one address; an IPv6 address stands for its /64. Further
  /// ones are answered with 429. Behind `trusted_proxies` the address that
  /// they tell counts.
  std::size_t max_connections_per_address =
      std::numeric_limits<std::size_t>::max();
  /// Connections that may be on their way to a WebSocket at once, divided
  /// among the shards, at least one for each; further ones wait in the
  /// system's queue.
  std::size_t max_handshakes = 1024;
  /// New connections a second; what was not used within the last second may
  /// come at once, further ones wait in the system's queue. 0: no limit.
  std::uint64_t max_connection_rate = 0;
  /// Request line and headers, in bytes; a larger request is answered 431.
  std::size_t max_header_size = 16 * 1024;
  /// Origins that may connect, `*` matches any run of characters. Empty:
  /// any. Another Origin is answered with 403; none at all is let in.
  std::vector<std::string> allowed_origins;
  /// Addresses or CIDR blocks whose forwarding headers are believed.
  std::vector<std::string> trusted_proxies;
  /// Whom it lets in; unset: anybody. `pages` are for anybody all the same.
  std::optional<listener_authentication> authentication;
  /// Not in the configuration file: for applications that bring their page.
  std::vector<static_page> pages;
  /// Not in the configuration file: a TCP socket that listens already, taken in
  /// place of `host` and `port` and left open; -1: none.
  int inherited = -1;
  source_place at;

  friend bool operator==(const http_listener_options&,
                         const http_listener_options&) = default;
};

/// permessage-deflate (RFC 7692 §7).
struct compression_options {
  bool enabled = false;
  /// Upper bounds of the LZ77 window's logarithm, 9 to 15.
  int server_max_window_bits = 15;
  int client_max_window_bits = 15;
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  /// zlib's level, 0 to 9.
  int level = 6;
  /// zlib's memory level, 1 to 9.
  int memory_level = 8;
  /// Messages below this many bytes go uncompressed.
  std::size_t minimum_size = 64;
};

/// `[websocket.NAME.server]`.
struct server_options {
  /// Name of an `http_listener_options`.
  std::string listener;
  /// Unset: the listener's own base path.
  std::optional<std::string> listener_base_path;
  /// No message, ping or pong in either direction for this long.
  std::chrono::nanoseconds idle_socket_timeout = std::chrono::minutes{15};
  /// Silence of the peer after which it is pinged; a further interval
  /// without a byte from it ends the socket. Zero: never.
  std::chrono::nanoseconds ping_interval = std::chrono::seconds{30};
  /// Wait for the peer's part of the closing handshake and for its TCP end.
  std::chrono::nanoseconds close_timeout = std::chrono::seconds{2};
  /// In bytes, after inflating; a larger message closes with 1009.
  std::size_t max_message_size = 1024 * 1024;
  compression_options compression;
  /// In order of preference.
  std::vector<std::string> subprotocols;
  /// Bytes that one socket may have queued.
  std::size_t send_queue_limit = 1024 * 1024;
  slow_consumer_policy slow_consumer = slow_consumer_policy::close;
  rate_limit_options rate;
  /// 1 to 1000.
  std::size_t max_groups_per_socket = 1000;
};

enum class authentication_scheme : std::uint8_t {
  /// RFC 7617.
  basic,
  /// RFC 7616.
  digest,
  /// Microsoft's NTLM, through GSS-API.
  ntlm,
};

/// `[websocket.NAME.client.authentication]`.
struct authentication_options {
  authentication_scheme scheme = authentication_scheme::basic;
  std::string username;
  std::string password;
  /// Whether credentials go with the first request; else they follow a 401.
  /// Digest and NTLM need the peer's challenge in any case.
  bool preemptive = true;
  /// NTLM only.
  std::string domain;
  std::string workstation;
};

/// `[proxy.NAME]`: an HTTP proxy that is asked to CONNECT.
struct proxy_options {
  std::string name;
  std::string host;
  std::uint16_t port = 0;
  /// Empty: no credentials.
  std::string username;
  std::string password;
  /// Hosts that are reached directly; `*` matches any run of characters.
  std::vector<std::string> non_proxy_hosts;
  /// Makes it an NTLM proxy.
  std::string ntlm_domain;
  source_place at;
};

/// `[websocket.NAME.client]`.
struct client_options {
  /// Unset: `localhost`, and start tests no connectivity.
  std::optional<std::string> host;
  /// Unset: 80, with `secure` 443.
  std::optional<std::uint16_t> port;
  std::string base_path = "/";
  /// WSS instead of WS.
  bool secure = false;
  /// Name of a `tls_options`; empty: OpenSSL's defaults and the system's trust
  /// store.
  std::string tls;
  /// Sent with each handshake; a call's own value of a name replaces them.
  std::vector<std::pair<std::string, std::string>> default_headers;
  std::vector<std::pair<std::string, std::string>> default_query_params;
  /// No message, ping or pong in either direction for this long. Unset:
  /// never.
  std::optional<std::chrono::nanoseconds> connection_idle_timeout;
  /// 301, 302, 303, 307 and 308, at most five in a row.
  bool follow_redirects = true;
  /// Whether header names go out and are told as they are written; else in
  /// lower case.
  bool preserve_headers_case = false;
  /// Open and opening sockets; a further one waits for a place.
  std::size_t max_connections = std::numeric_limits<std::size_t>::max();
  /// From the wait for a place to the finished handshake, redirects and
  /// authentication included.
  std::chrono::nanoseconds connection_timeout = std::chrono::seconds{30};
  /// Name of a `proxy_options`; empty: none.
  std::string proxy;
  std::optional<authentication_options> authentication;
  /// As in `server_options`.
  std::chrono::nanoseconds ping_interval = std::chrono::seconds{30};
  std::chrono::nanoseconds close_timeout = std::chrono::seconds{2};
  std::size_t max_message_size = 1024 * 1024;
  compression_options compression;
  std::vector<std::string> subprotocols;
  std::size_t send_queue_limit = 1024 * 1024;
  slow_consumer_policy slow_consumer = slow_consumer_policy::close;
  rate_limit_options rate;
  /// 1 to 1000.
  std::size_t max_groups_per_socket = 1000;
};

enum class reconnection_strategy : std::uint8_t {
  none,
  reconnect,
  reconnect_forever,
};

/// How the wait between attempts grows.
struct backoff_options {
  /// The wait is multiplied by this after each attempt; at least 1.
  double factor = 1.0;
  std::chrono::nanoseconds max = std::chrono::seconds{60};
  /// Share of the wait that is drawn by lot, 0 to 1.
  double jitter = 0.0;

  friend bool operator==(const backoff_options&,
                         const backoff_options&) = default;
};

/// `[websocket.NAME.reconnection]`.
struct reconnection_options {
  bool fails_deployment = false;
  reconnection_strategy strategy = reconnection_strategy::none;
  std::chrono::nanoseconds frequency = std::chrono::seconds{2};
  /// Attempts after the first, for `reconnect`.
  std::uint32_t count = 2;
  /// Whether the operation that ran into it waits for the outcome.
  bool blocking = true;
  backoff_options backoff;
  /// Close codes of a peer that end an outbound socket for good; any other
  /// end of its connection is fought.
  std::vector<std::uint16_t> final_close_codes = {1000};

  friend bool operator==(const reconnection_options&,
                         const reconnection_options&) = default;
};

/// `[websocket.NAME]`.
struct websocket_options {
  std::string name;
  std::optional<server_options> server;
  std::optional<client_options> client;
  reconnection_options reconnection;
  source_place at;
};

/// An outbound socket to open: `[[outbound]]` and the operation
/// open_outbound_socket.
struct outbound_options {
  /// The configuration; may be left out where only one has client settings.
  std::string config;
  /// Empty: made up.
  std::string socket_id;
  std::vector<std::string> default_groups;
  /// Below the client's base path; `{name}` stands for a uri parameter.
  std::string path;
  /// `ws://` or `wss://`, instead of the client's host, port, base path and
  /// `path`.
  std::string url;
  /// Added to the client's defaults, whose values of the same names they
  /// replace.
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> query_params;
  /// Values of the `{name}` in path or url, put in percent-encoded.
  std::vector<std::pair<std::string, std::string>> uri_params;
  /// Stands in place of the configuration's, for opening it and for keeping
  /// it.
  std::optional<reconnection_options> reconnection;
  /// Stands in place of the configuration's and of its source's.
  send_queue_options send_queue;
  source_place at;
};

/// How a shard asks the kernel to move the bytes of its sockets.
enum class io_method : std::uint8_t {
  /// `io_uring` where the kernel lets this process use it, else `epoll`.
  automatic,
  /// Two system calls a message, receive and send.
  epoll,
  /// One system call for the reads of many sockets, one for their writes.
  /// Where the kernel refuses it, nothing starts.
  io_uring,
};

/// How sockets are closed when the switchboard stops, or drains.
struct drain_options {
  /// For telling all of them, their closing handshakes and their handlers'
  /// work; what is left then is cut.
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};
  /// Of a program: how long it is not ready any more and accepts all the same,
  /// so that load balancers can look away first.
  std::chrono::nanoseconds pause{0};
  /// Sockets that are told in one go; more of them where half of `timeout`
  /// would not be enough.
  std::uint32_t batch = 1000;
  /// From one batch to the next.
  std::chrono::nanoseconds every = std::chrono::milliseconds{100};
  /// Of the close frames.
  std::uint16_t code = 1001;
  std::string reason = "going down";
};

/// `[runtime]`.
struct runtime_options {
  /// Event loops; 0: one a core.
  std::size_t shards = 0;
  io_method io = io_method::automatic;
  drain_options drain;
  /// Where messages too large for memory lie; empty: where the system keeps
  /// temporary files.
  std::string temporary_directory;
};

/// `[admin]`.
struct admin_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9080;
  /// Accepted bearer tokens. Empty: none asked for; loopback only.
  std::vector<std::string> tokens;
  /// Name of a `tls_options`; empty: HTTP.
  std::string tls;
  bool console = true;
  source_place at;
};

enum class log_level : std::uint8_t { trace, debug, info, warn, error, off };
enum class log_format : std::uint8_t { text, json };

/// Levels of parts that have one of their own.
using part_levels = std::array<std::optional<log_level>, report_parts>;

/// `[log]`.
struct log_options {
  log_level level = log_level::info;
  part_levels levels{};
  log_format format = log_format::text;
  /// Empty: standard error.
  std::string file;
};

/// What `start` needs: everything below the flows.
struct switchboard_options {
  runtime_options runtime;
  limit_options limits;
  std::vector<tls_options> tls;
  std::vector<http_listener_options> listeners;
  std::vector<proxy_options> proxies;
  std::vector<websocket_options> websockets;
  /// Opened at start and kept.
  std::vector<outbound_options> outbound;
};

} // namespace switchboard
