#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/deflate.hpp"

namespace switchboard::net {

/// Header fields in wire order, names as they came.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// An HTTP request as far as a listener needs it. Bodies are not read.
struct http_request {
  std::string method;
  /// Origin form as it came: path and query.
  std::string target;
  /// `target` up to the first `?`, as it came (still percent-encoded).
  std::string path;
  /// Behind the `?`, raw; empty where there is none.
  std::string query;
  /// "HTTP/1.1"
  std::string version;
  header_list headers;

  /// The first value of a header, names compared without case; empty where
  /// absent.
  std::string_view header(std::string_view name) const noexcept;

  /// All values of a header, joined by ", ".
  std::string joined_header(std::string_view name) const;
};

/// Parses one request head out of a byte stream, with Beast's parser.
class request_reader {
public:
  enum class status {
    need_more,
    complete,
    /// `error_status` tells what to answer: 400 malformed, 431 head larger
    /// than the limit, 505 another HTTP version than 1.0 and 1.1, 414 target
    /// longer than the limit.
    failed,
  };

  /// @param max_header_size request line and headers, in bytes.
  explicit request_reader(std::size_t max_header_size);
  ~request_reader();

  /// Takes bytes as they arrive.
  /// @param consumed receives how many were taken; bytes behind a complete
  ///        head are left.
  status feed(std::span<const std::byte> bytes, std::size_t& consumed);

  /// HTTP status for a failed request; 0 before.
  unsigned error_status() const noexcept;

  /// The request, once complete.
  http_request take();

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// An answer that ends a handshake without a WebSocket.
struct http_rejection {
  unsigned status = 400;
  /// One plain sentence for the body, `text/plain`.
  std::string detail;
  header_list headers;
};

/// What a valid upgrade request asks for.
struct upgrade_terms {
  /// Sec-WebSocket-Key as it came.
  std::string key;
  /// Offered subprotocols, in the client's order.
  std::vector<std::string> subprotocols;
  /// All values of Sec-WebSocket-Extensions joined.
  std::string extensions;
};

/// Judges an upgrade request by RFC 6455 §4.2.1.
/// Not an upgrade at all (no `Upgrade: websocket` or no `Connection:
/// upgrade`): 426 with `Upgrade: websocket`, `Connection: Upgrade` and
/// `Sec-WebSocket-Version: 13`. Another method than GET on an upgrade: 405
/// with `Allow: GET`. HTTP/1.0: 400. Another version than 13: 426 with
/// `Sec-WebSocket-Version: 13`. A key that is absent, repeated or not 16
/// bytes of base64, a missing or repeated Host, ill-formed subprotocol
/// tokens, repeated subprotocols, a body (Content-Length above 0 or
/// Transfer-Encoding): 400.
std::optional<http_rejection> judge_upgrade(const http_request& request,
                                            upgrade_terms& terms);

/// Whether an Origin may connect: no pattern given, or one of them matches
/// without regard to case; `*` in a pattern matches any run of characters.
bool origin_allowed(std::string_view origin,
                    const std::vector<std::string>& patterns) noexcept;

/// The first of `ours` that the client offered; empty where none.
std::string choose_subprotocol(const std::vector<std::string>& ours,
                               const std::vector<std::string>& offered);

/// Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2).
std::string accept_key(std::string_view key);

/// The 101 response, complete. Empty subprotocol or extensions leave the
/// header out.
std::string render_upgrade_response(std::string_view key,
                                    std::string_view subprotocol,
                                    std::string_view extensions);

/// A complete response that ends the connection (`Connection: close`).
std::string render_rejection(const http_rejection& rejection,
                             bool head_request = false);

/// Query parameters in order, names and values percent-decoded, `+` read as
/// a blank.
header_list parse_query(std::string_view query);

/// The client's address behind trusted proxies: walks `Forwarded` (RFC 7239)
/// or, without it, `X-Forwarded-For` from the right past trusted addresses.
/// @param peer numeric address of the TCP peer, without port.
/// @param trusted addresses and CIDR blocks; the peer itself must be in it
///        for any header to count.
/// @returns `peer` where nothing else is trustworthy.
std::string client_address(const http_request& request, std::string_view peer,
                           const std::vector<std::string>& trusted);

/// Whether `text` is an address or CIDR block that `client_address` takes.
bool is_address_or_cidr(std::string_view text) noexcept;

} // namespace switchboard::net
