#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <switchboard/large_content.hpp>

#include "net/dial.hpp"
#include "net/response_reader.hpp"

namespace switchboard::net {

/// How requests reach their targets: shared by all that go the same way.
/// Requests with one route share the connections to one origin.
struct http_route {
  /// TLS, proxy and the limit of an answer's head.
  std::shared_ptr<const dial_options> dialing;
  /// Connections to one origin, at least 1.
  std::size_t max_connections = 32;
  /// Requests to one origin that may wait for one of them.
  std::size_t queue_limit = 1024;
};

/// One request of HTTP/1.1.
struct http_call {
  std::shared_ptr<const http_route> route;
  dial_target target;
  std::string method;
  /// Beside `Host` and `Content-Length`, which are ours.
  header_list headers;
  /// May be null: no body.
  std::shared_ptr<const std::string> body;
  /// In place of `body`, where that is too large for memory.
  std::shared_ptr<const large_content> large_body;
  /// Whether doing it twice is the same as doing it once, so that it may go
  /// out again after a kept connection has turned out to be closed.
  bool idempotent = false;
  /// From `http_client::ask` to the answer's last byte: the wait for a
  /// connection, look-up, TCP, proxy, TLS and the answer together.
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};
  /// In bytes; a larger body fails.
  std::size_t max_response_size = 1024 * 1024;

  /// In bytes.
  std::uint64_t body_size() const noexcept {
    if (body)
      return body->size();
    return large_body ? large_body->size() : 0;
  }
};

/// Why there is no answer.
struct http_failure {
  enum class kind : std::uint8_t {
    /// There was no connection: nothing was sent.
    unreachable,
    /// The connection was lost before the answer was complete; the request
    /// may have been done.
    lost,
    /// No complete answer in time, although there was a connection.
    timed_out,
    /// What came is no answer of HTTP/1, or is too large.
    bad_answer,
  };

  kind what = kind::unreachable;
  /// One sentence with the address and the cause. No secret.
  std::string text;
};

using http_outcome = std::variant<http_response, http_failure>;
using http_callback = std::function<void(http_outcome&& outcome)>;

/// Reads an `http://` or `https://` url.
/// @param problem receives a clause where the result is `nullopt`; never the
///        url itself, which may hold a secret.
std::optional<dial_target> read_http_url(const std::string& url,
                                         std::string& problem);

/// Whether a request's header is ours to set, or would change how the message
/// ends: `Host`, `Content-Length`, `Transfer-Encoding`, `Connection` and
/// their like.
bool is_framing_header(std::string_view name) noexcept;

/// Whether a method is safe to repeat by RFC 9110 §9.2.2.
bool is_idempotent(std::string_view method) noexcept;

/// Request line and headers with the blank line behind them.
/// @pre method and names are tokens, values are header values
std::string render_head(const http_call& call);

} // namespace switchboard::net
