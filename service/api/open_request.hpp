#pragma once

#include <string>
#include <string_view>

#include <switchboard/messages.hpp>

namespace switchboard::service::api {

/// What the body of `POST /v1/sockets` asks for. An empty body reads as an
/// empty object.
struct open_request_body {
  open_outbound_socket_request value;
  /// What is wrong, in words that never repeat a value; empty for nothing.
  std::string problem;
  /// INVALID_ARGUMENT or INVALID_SOCKET_ID.
  errc code = errc::invalid_argument;
};

/// Reads JSON with the parameters of open_outbound_socket, by the names and
/// with the meaning that they have in a configuration file.
open_request_body read_open_request(std::string_view body);

} // namespace switchboard::service::api
