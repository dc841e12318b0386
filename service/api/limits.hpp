#pragma once

#include <chrono>
#include <cstddef>

namespace switchboard::service::api {

/// What one client may take of the API.
struct limits {
  /// Further connections are answered 503 and closed.
  std::size_t max_connections = 1024;
  /// Request line and headers, in bytes; a larger request is answered 431.
  std::size_t max_header_size = 16 * 1024;
  /// In bytes; a larger body is answered 413 without reading it.
  std::size_t max_body_size = 16 * 1024 * 1024;
  /// Of a body that no route asked for.
  std::size_t max_ignored_body_size = 64 * 1024;
  /// Between requests.
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds{60};
  /// From a request's first byte to the end of its header; then 408.
  std::chrono::nanoseconds header_timeout = std::chrono::seconds{10};
  /// For the body; then 408.
  std::chrono::nanoseconds body_timeout = std::chrono::seconds{30};
  /// For the client to take an answer.
  std::chrono::nanoseconds write_timeout = std::chrono::seconds{30};
  /// From one sign of life on a tap to the next, while nothing happens.
  std::chrono::nanoseconds heartbeat = std::chrono::seconds{15};
  /// How often a tap tells how much it left out, at most.
  std::chrono::nanoseconds loss_interval = std::chrono::seconds{1};
  /// For the client of a tap to take anything at all.
  std::chrono::nanoseconds tap_patience = std::chrono::minutes{10};
  /// How long what a refused client still sends is read and dropped, so that
  /// the refusal reaches it before TCP is cut.
  std::chrono::nanoseconds linger_timeout = std::chrono::seconds{2};
};

} // namespace switchboard::service::api
