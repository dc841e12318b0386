#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

namespace switchboard {

/// Every way an operation can fail. The numbers travel between nodes: new
/// ones go to the end.
enum class errc : std::uint8_t {
  /// The peer cannot be reached or was lost, or its queue is full. Retry.
  connectivity = 1,
  /// The reconnection strategy is spent; holds the last cause. Final.
  retry_exhausted,
  /// No socket has that id (any more). Final.
  no_such_socket,
  /// Empty, longer than 128, or a byte outside printable ASCII or `/`. Final.
  invalid_socket_id,
  /// The id is in use; the losing connection is closed. Final.
  non_unique_socket_id,
  /// Credentials were configured and the peer answered 401. Final.
  basic_authentication,
  /// The peer answered 401. Final.
  unauthorized,
  /// The peer answered 403. Final.
  forbidden,
  /// The peer answered 404. Final.
  not_found,
  /// The peer answered 500. Retry.
  internal_server_error,
  /// The peer answered 503. Retry.
  service_unavailable,
  /// The peer closed before the handshake was complete. Retry.
  remotely_closed,
  /// A message failed more often than its redelivery policy allows. Final.
  redelivery_exhausted,
  /// An in-memory stream outgrew its maximum. Final.
  stream_maximum_size_exceeded,
  /// The caller's request is wrong. Final.
  invalid_argument,
  /// No valid token. Final.
  unauthenticated,
  /// Too fast. Retry later.
  too_many_requests,
  /// An expression failed. Final.
  expression,
  /// No answer in time. Retry.
  timeout,
  /// An error that a flow raised under a name of its own; the name stands in
  /// the error's context. Final.
  custom,
};

/// The name users see, as in `WEBSOCKET:NO_SUCH_SOCKET`.
constexpr std::string_view name_of(errc code) noexcept {
  switch (code) {
    case errc::connectivity:
      return "WEBSOCKET:CONNECTIVITY";
    case errc::retry_exhausted:
      return "WEBSOCKET:RETRY_EXHAUSTED";
    case errc::no_such_socket:
      return "WEBSOCKET:NO_SUCH_SOCKET";
    case errc::invalid_socket_id:
      return "WEBSOCKET:INVALID_SOCKET_ID";
    case errc::non_unique_socket_id:
      return "WEBSOCKET:NON_UNIQUE_SOCKET_ID";
    case errc::basic_authentication:
      return "WEBSOCKET:BASIC_AUTHENTICATION";
    case errc::unauthorized:
      return "WEBSOCKET:UNAUTHORIZED";
    case errc::forbidden:
      return "WEBSOCKET:FORBIDDEN";
    case errc::not_found:
      return "WEBSOCKET:NOT_FOUND";
    case errc::internal_server_error:
      return "WEBSOCKET:INTERNAL_SERVER_ERROR";
    case errc::service_unavailable:
      return "WEBSOCKET:SERVICE_UNAVAILABLE";
    case errc::remotely_closed:
      return "WEBSOCKET:REMOTELY_CLOSED";
    case errc::redelivery_exhausted:
      return "WEBSOCKET:REDELIVERY_EXHAUSTED";
    case errc::stream_maximum_size_exceeded:
      return "STREAM_MAXIMUM_SIZE_EXCEEDED";
    case errc::invalid_argument:
      return "SWITCHBOARD:INVALID_ARGUMENT";
    case errc::unauthenticated:
      return "SWITCHBOARD:UNAUTHENTICATED";
    case errc::too_many_requests:
      return "SWITCHBOARD:TOO_MANY_REQUESTS";
    case errc::expression:
      return "SWITCHBOARD:EXPRESSION";
    case errc::timeout:
      return "SWITCHBOARD:TIMEOUT";
    case errc::custom:
      return "SWITCHBOARD:CUSTOM";
  }
  return "SWITCHBOARD:UNKNOWN";
}

/// The HTTP status that the management API answers with.
constexpr unsigned http_status_of(errc code) noexcept {
  switch (code) {
    case errc::no_such_socket:
      return 404;
    case errc::invalid_socket_id:
    case errc::invalid_argument:
      return 400;
    case errc::non_unique_socket_id:
      return 409;
    case errc::retry_exhausted:
    case errc::timeout:
      return 504;
    case errc::unauthenticated:
      return 401;
    case errc::too_many_requests:
      return 429;
    case errc::expression:
      return 422;
    case errc::connectivity:
    case errc::basic_authentication:
    case errc::unauthorized:
    case errc::forbidden:
    case errc::not_found:
    case errc::internal_server_error:
    case errc::service_unavailable:
    case errc::remotely_closed:
      return 502;
    default:
      return 500;
  }
}

/// The category of our errors in `caf::error`.
inline constexpr caf::atom_value error_category = caf::atom("switchbd");

inline std::string to_string(errc code) {
  return std::string{name_of(code)};
}

inline caf::error make_error(errc code) {
  return {static_cast<std::uint8_t>(code), error_category};
}

/// @param text what happened, to which socket and address; never a secret.
inline caf::error make_error(errc code, std::string text) {
  return {static_cast<std::uint8_t>(code), error_category,
          caf::make_message(std::move(text))};
}

/// An error under a name of the application's own, as in `APP:WRONG`.
inline caf::error make_custom_error(std::string type, std::string text) {
  return {static_cast<std::uint8_t>(errc::custom), error_category,
          caf::make_message(std::move(text), std::move(type))};
}

/// Our code of an error; `nullopt` for one of another category.
inline std::optional<errc> code_of(const caf::error& what) {
  if (!what || what.category() != error_category)
    return std::nullopt;
  return static_cast<errc>(what.code());
}

/// An error in words.
struct error_text {
  /// As in `WEBSOCKET:CONNECTIVITY`, or an application's own.
  std::string type;
  std::string message;
};

/// Puts any error in words. One of CAF's own (a handler that died, a request
/// that nobody answered) reads as SWITCHBOARD:TIMEOUT or
/// WEBSOCKET:CONNECTIVITY with CAF's text.
error_text describe(const caf::error& what);

/// What `caf::actor_system_config::add_error_category` wants for ours.
std::string render_error(std::uint8_t code, caf::atom_value category,
                         const caf::message& context);

} // namespace switchboard
