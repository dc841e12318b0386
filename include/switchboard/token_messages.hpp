#pragma once

#include <string>

#include <caf/meta/type_name.hpp>

namespace switchboard {

/// Puts another token in the place of the one that a socket was let in with:
/// it is closed when that one expires. The token is judged as in a handshake
/// and must have the same `sub`; the socket's groups and attributes stay.
struct renew_token_request {
  std::string config;
  std::string socket_id;
  std::string token;
};

/// The same, to a socket by its handle.
struct socket_renew_token {
  std::string token;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, renew_token_request& x) {
  return f(caf::meta::type_name("renew_token_request"), x.config, x.socket_id,
           x.token);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, socket_renew_token& x) {
  return f(caf::meta::type_name("socket_renew_token"), x.token);
}

} // namespace switchboard
