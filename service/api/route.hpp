#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/api/backend.hpp"
#include "service/api/http.hpp"

namespace switchboard::service::api {

/// What a parameter's value may be.
enum class value_kind : std::uint8_t {
  /// Any text, empty included.
  text,
  /// Text that is not empty.
  name,
  /// INBOUND, OUTBOUND, ALL.
  socket_type,
  /// 1 to 1,000.
  limit,
  /// A number from 1 on.
  serial,
  /// A close code by name or number.
  close_code,
  /// At most 123 bytes: what fits in a close frame.
  close_reason,
  /// true or false; nothing means true.
  flag,
  /// 0.000001 to 1.
  fraction,
  /// 1 to 10,000.
  event_rate,
  /// 1 to 65,536 bytes.
  payload_size,
};

struct parameter {
  std::string_view name;
  value_kind kind = value_kind::name;
  std::string_view description;
  bool repeated = false;
};

/// What a route takes as its body.
enum class body_kind : std::uint8_t {
  none,
  /// A message.
  content,
  /// JSON of open_outbound_socket.
  opening,
  /// JSON of the log's settings.
  log_settings,
  /// A JSON Web Token.
  token,
};

/// The Content-Type of Prometheus' text format.
inline constexpr std::string_view metrics_type =
    "text/plain; version=0.0.4; charset=utf-8";

/// The Content-Type of server-sent events.
inline constexpr std::string_view event_stream_type = "text/event-stream";

/// How much of a message a tap shows where the client does not say, in bytes.
inline constexpr std::uint32_t default_tap_payload = 1024;

/// One answer of a route.
struct answer_description {
  unsigned status = 200;
  std::string_view description;
  /// Name of a schema of the OpenAPI document; empty: no body.
  std::string_view schema;
};

/// A method of a path: its description and its handler in one place, so that
/// the one cannot change without the other.
struct route {
  std::string_view method;
  /// Literal and `{name}` segments.
  std::string_view path;
  std::string_view operation_id;
  std::string_view summary;
  std::string_view description;
  std::vector<parameter> path_params;
  std::vector<parameter> query;
  body_kind body = body_kind::none;
  /// What this route answers besides the errors that every route has.
  std::vector<answer_description> answers;
  /// Whether it is answered without a token.
  bool open = false;
  outcome (*handle)(const request&, const backend&) = nullptr;
  /// Whether its handler asks the registry.
  bool asks = true;
};

/// Checks a query against what a route takes.
/// @returns what is wrong; `nullopt` where nothing is.
std::optional<std::string> complaint(const std::vector<parameter>& known,
                                     const string_pairs& query);

/// Every route of the API.
const std::vector<route>& routes();

} // namespace switchboard::service::api
