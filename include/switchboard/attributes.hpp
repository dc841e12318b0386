#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/timestamp.hpp>

#include <switchboard/close_code.hpp>
#include <switchboard/closed_by.hpp>
#include <switchboard/peer_certificate.hpp>

namespace switchboard {

/// Names with values in the order they came; a name may stand repeatedly.
using string_pairs = std::vector<std::pair<std::string, std::string>>;

enum class socket_type : std::uint8_t { inbound, outbound };

constexpr std::string_view name_of(socket_type type) noexcept {
  return type == socket_type::inbound ? "INBOUND" : "OUTBOUND";
}

/// Which sockets an operation is for.
enum class socket_type_filter : std::uint8_t { all, inbound, outbound };

/// What the attributes of a handshake are made from.
struct handshake_fields {
  std::string socket_id;
  socket_type type = socket_type::inbound;
  /// Name of the configuration.
  std::string config;
  /// Path and query as they came.
  std::string request_uri;
  /// The path below the base path; what operations match their pattern with.
  std::string relative_path;
  /// Names in lower case.
  string_pairs headers;
  /// What the `{param}` segments of the listener's path matched.
  string_pairs uri_params;
  /// Whether the connection is encrypted.
  bool secure = false;
  /// `address:port`, IPv6 in brackets.
  std::string local_address;
  std::string remote_address;
  std::string subprotocol;
  caf::timestamp connected_at;
  /// How often an outbound socket's connection was replaced.
  std::uint32_t generation = 0;
  /// Of an inbound socket, where its listener asks for one.
  peer_certificate client_certificate;
  /// Whom the listener let in: the token's `sub`, or the name that came with a
  /// password. Empty where it asked nobody.
  std::string user;
  /// The token's claims, a JSON object; empty: there was none.
  std::string claims;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 handshake_fields& x) {
    return f(caf::meta::type_name("handshake_fields"), x.socket_id, x.type,
             x.config, x.request_uri, x.relative_path, x.headers, x.uri_params,
             x.secure, x.local_address, x.remote_address, x.subprotocol,
             x.connected_at, x.generation, x.client_certificate, x.user,
             x.claims);
  }
};

/// What is known of a socket from its handshake on (WebSocket attributes of
/// spec §5). Never changes afterwards. A server holds one a socket, so all of
/// its text lies in one block, right behind the object; what is answered as a
/// view is good for as long as the object lives. Made by `make_handshake`
/// only. Any thread.
class handshake_attributes {
public:
  /// What only `make_handshake` has.
  class blueprint;

  explicit handshake_attributes(const blueprint& from) noexcept;

  handshake_attributes(const handshake_attributes&) = delete;
  handshake_attributes& operator=(const handshake_attributes&) = delete;

  std::string_view socket_id() const noexcept {
    return text_of(part::socket_id);
  }

  socket_type type() const noexcept {
    return static_cast<socket_type>(type_);
  }

  /// Name of the configuration.
  std::string_view config() const noexcept {
    return text_of(part::config);
  }

  /// Full path of the request, without query, as it came.
  std::string_view path() const noexcept {
    return request_uri().substr(0, path_size_);
  }

  /// The path below the base path; what operations match their pattern with.
  std::string_view relative_path() const noexcept {
    return {text() + relative_path_, relative_path_size_};
  }

  /// Path and query as they came.
  std::string_view request_uri() const noexcept {
    return text_of(part::request_uri);
  }

  /// Behind the `?`, as it came; empty where there is none.
  std::string_view query_string() const noexcept {
    auto uri = request_uri();
    return uri.substr(path_size_ < uri.size() ? path_size_ + 1 : uri.size());
  }

  /// A WebSocket opens with a request of this version (RFC 6455 §4.1).
  std::string_view version() const noexcept {
    return "HTTP/1.1";
  }

  /// A WebSocket opens with a request of this method (RFC 6455 §4.1).
  std::string_view method() const noexcept {
    return "GET";
  }

  /// "WS" or "WSS"
  std::string_view scheme() const noexcept {
    return secure_ != 0 ? "WSS" : "WS";
  }

  /// `address:port`, IPv6 in brackets.
  std::string_view local_address() const noexcept {
    return text_of(part::local_address);
  }

  /// `address:port`, IPv6 in brackets.
  std::string_view remote_address() const noexcept {
    return text_of(part::remote_address);
  }

  std::string_view subprotocol() const noexcept {
    return text_of(part::subprotocol);
  }

  caf::timestamp connected_at() const noexcept {
    return connected_at_;
  }

  /// How often an outbound socket's connection was replaced: 0 for its first
  /// one and for every inbound socket.
  std::uint32_t generation() const noexcept {
    return generation_;
  }

  /// Decoded from the query string by each call: percent-decoded, `+` read as
  /// a blank.
  string_pairs query_params() const;

  /// A copy, made by each call. Names in lower case.
  string_pairs headers() const;

  /// What the `{param}` segments of the listener's path matched,
  /// percent-decoded. A copy, made by each call.
  string_pairs uri_params() const;

  /// The first value of a header. Allocates nothing.
  /// @param name in lower case.
  std::optional<std::string_view> header(std::string_view name) const noexcept;

  /// Calls `visit(name, value)`, both of them views, for every header in the
  /// order they came. Allocates nothing.
  template <class Visitor>
  void for_each_header(Visitor&& visit) const {
    for_each(part::headers, visit);
  }

  /// Does the same for what the listener's path matched.
  template <class Visitor>
  void for_each_uri_param(Visitor&& visit) const {
    for_each(part::uri_params, visit);
  }

  bool has_client_certificate() const noexcept {
    return certified_ != 0;
  }

  /// Calls `visit(name, value)`, both of them views, for `subject`, `issuer`,
  /// `serial`, `fingerprint` and `pem` of the client's certificate; not at all
  /// where there is none. Allocates nothing.
  template <class Visitor>
  void for_each_certificate_field(Visitor&& visit) const {
    auto rest = certificate_text();
    for (std::string_view name :
         {"subject", "issuer", "serial", "fingerprint", "pem"})
      if (!rest.empty())
        visit(name, take_text(rest));
  }

  /// Whom the listener let in; empty where it asked nobody, or the token names
  /// none.
  std::string_view user() const noexcept;

  /// The token's claims, a JSON object; empty: there was no token.
  std::string_view claims() const noexcept;

  /// What it was made from.
  handshake_fields fields() const;

private:
  /// The pieces of the text, in their order.
  enum class part : std::uint8_t {
    socket_id,
    config,
    request_uri,
    local_address,
    remote_address,
    subprotocol,
    headers,
    uri_params,
  };

  static constexpr std::size_t part_count = 8;

  const char* text() const noexcept {
    return reinterpret_cast<const char*>(this + 1);
  }

  std::string_view text_of(part which) const noexcept {
    auto index = static_cast<std::size_t>(which);
    auto begin = index == 0 ? 0 : ends_[index - 1];
    return {text() + begin, ends_[index] - begin};
  }

  /// The fields of the client's certificate, one behind the other; empty
  /// where there is none.
  std::string_view certificate_text() const noexcept;

  /// What stands behind all parts, most of which few sockets have.
  const char* rest() const noexcept;

  /// The user and the claims, one behind the other; empty where there are
  /// none.
  std::string_view identity_text() const noexcept;

  /// Takes the first of such fields.
  static std::string_view take_text(std::string_view& rest) noexcept;

  /// Takes the first pair off a part that holds pairs.
  static std::pair<std::string_view, std::string_view>
  take_pair(std::string_view& rest) noexcept;

  template <class Visitor>
  void for_each(part which, Visitor& visit) const {
    for (auto rest = text_of(which); !rest.empty();) {
      auto [name, value] = take_pair(rest);
      visit(name, value);
    }
  }

  string_pairs pairs_of(part which) const;

  caf::timestamp connected_at_;
  /// Where each part of the text ends.
  std::array<std::uint32_t, part_count> ends_;
  std::uint32_t path_size_;
  /// Where the relative path stands in the text.
  std::uint32_t relative_path_;
  std::uint32_t relative_path_size_;
  std::uint32_t generation_ : 28;
  std::uint32_t identified_ : 1;
  std::uint32_t certified_ : 1;
  std::uint32_t type_ : 1;
  std::uint32_t secure_ : 1;
};

/// Throws `std::length_error` above 4 GiB of text, which no request head that
/// was read can reach.
std::shared_ptr<const handshake_attributes>
make_handshake(const handshake_fields& fields);

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
    auto hs = x.handshake ? x.handshake->fields() : handshake_fields{};
    auto gs = x.groups ? *x.groups : string_list{};
    auto load = [&]() -> caf::error {
      x.handshake = make_handshake(hs);
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
  /// The most bytes that were in it.
  std::uint64_t peak_queued_bytes = 0;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 socket_counters& x) {
    return f(caf::meta::type_name("socket_counters"), x.messages_received,
             x.messages_sent, x.bytes_received, x.bytes_sent, x.queued_bytes,
             x.peak_queued_bytes);
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
  closed_by by = closed_by::lost;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 close_outcome& x) {
    return f(caf::meta::type_name("close_outcome"), x.code, x.reason, x.clean,
             x.by);
  }
};

} // namespace switchboard
