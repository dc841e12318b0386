#pragma once

#include <optional>
#include <string>

#include <switchboard/authentication_options.hpp>

#include "net/handshake.hpp"

namespace switchboard::net {

/// What a request has brought to show whose it is. None of it is left in the
/// request, so that nobody behind the handshake gets to see it.
struct taken_credentials {
  /// Unset: there are none.
  std::optional<std::string> text;
  /// Why the request cannot be read: a sentence; empty where it can.
  std::string problem;
  /// The subprotocol that stood in front of the token; empty: none.
  std::string subprotocol;
};

/// Takes the Authorization header.
/// @returns what stands behind the scheme; nothing where that is another one.
taken_credentials take_authorization(http_request& request,
                                     std::string_view scheme);

/// Takes tokens out of every place that may hold one. The first of the places
/// that does counts; a place that holds two cannot be read.
taken_credentials take_token(http_request& request,
                             const jwt_authentication& options);

} // namespace switchboard::net
