#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/timestamp.hpp>

#include <switchboard/close_code.hpp>

namespace switchboard {

/// Names with values in the order they came; a name may stand repeatedly.
using string_pairs = std::vector<std::pair<std::string, std::string>>;

enum class socket_type : std::uint8_t { inbound, outbound };

constexpr std::string_view name_of(socket_type type) noexcept {
  return type == socket_type::inbound ? "INBOUND" : "OUTBOUND";
}

/// Which sockets an operation is for.
enum class socket_type_filter : std::uint8_t { all, inbound, outbound };

/// What is known of a socket from its handshake on (WebSocket attributes of
/// spec §5). Never changes afterwards.
struct handshake_attributes {
  std::string socket_id;
  socket_type type = socket_type::inbound;
  /// Name of the configuration.
  std::string config;
  /// Full path of the request, without query, as it came.
  std::string path;
  /// The path below the base path; what operations match their pattern with.
  std::string relative_path;
  /// Path and query as they came.
  std::string request_uri;
  std::string query_string;
  /// Percent-decoded.
  string_pairs query_params;
  /// Names in lower case.
  string_pairs headers;
  /// What the `{param}` segments of the listener's path matched.
  string_pairs uri_params;
  /// "HTTP/1.1"
  std::string version;
  /// "GET"
  std::string method;
  /// "WS" or "WSS"
  std::string scheme;
  /// `address:port`, IPv6 in brackets.
  std::string local_address;
  std::string remote_address;
  std::string subprotocol;
  caf::timestamp connected_at;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 handshake_attributes& x) {
    return f(caf::meta::type_name("handshake_attributes"), x.socket_id, x.type,
             x.config, x.path, x.relative_path, x.request_uri, x.query_string,
             x.query_params, x.headers, x.uri_params, x.version, x.method,
             x.scheme, x.local_address, x.remote_address, x.subprotocol,
             x.connected_at);
  }
};

using string_list = std::vector<std::string>;

/// The attributes of a socket at one moment. Copies share.
struct socket_attributes {
  std::shared_ptr<const handshake_attributes> handshake;
  /// Sorted. Never null once filled by a socket.
  std::shared_ptr<const string_list> groups;

  const handshake_attributes& operator*() const noexcept {
    return *handshake;
  }

  const handshake_attributes* operator->() const noexcept {
    return handshake.get();
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 socket_attributes& x) {
    auto hs = x.handshake ? *x.handshake : handshake_attributes{};
    auto gs = x.groups ? *x.groups : string_list{};
    auto load = [&]() -> caf::error {
      x.handshake = std::make_shared<const handshake_attributes>(std::move(hs));
      x.groups = std::make_shared<const string_list>(std::move(gs));
      return caf::none;
    };
    return f(caf::meta::type_name("socket_attributes"), hs, gs,
             caf::meta::load_callback(load));
  }
};

enum class socket_state : std::uint8_t { open, closing, reconnecting };

constexpr std::string_view name_of(socket_state state) noexcept {
  switch (state) {
    case socket_state::open:
      return "open";
    case socket_state::closing:
      return "closing";
    default:
      return "reconnecting";
  }
}

/// What a socket has done so far.
struct socket_counters {
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  /// Payload bytes, before compression.
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  /// Bytes in the send queue now.
  std::uint64_t queued_bytes = 0;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 socket_counters& x) {
    return f(caf::meta::type_name("socket_counters"), x.messages_received,
             x.messages_sent, x.bytes_received, x.bytes_sent, x.queued_bytes);
  }
};

/// A socket as the management API shows it.
struct socket_info {
  socket_attributes attributes;
  socket_state state = socket_state::open;
  socket_counters counters;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, socket_info& x) {
    return f(caf::meta::type_name("socket_info"), x.attributes, x.state,
             x.counters);
  }
};

/// How a socket ended.
struct close_outcome {
  /// The code of the first close frame, ours or the peer's;
  /// `close_codes::abnormal` where there was none,
  /// `close_codes::no_status` where it was empty.
  close_code code = close_codes::abnormal;
  /// The close frame's reason, or why the connection was lost.
  std::string reason;
  /// Whether both close frames were exchanged.
  bool clean = false;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 close_outcome& x) {
    return f(caf::meta::type_name("close_outcome"), x.code, x.reason, x.clean);
  }
};

} // namespace switchboard
