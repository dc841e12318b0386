#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "net/jwt_keys.hpp"

namespace switchboard::net {

/// What a token has to be like.
struct jwt_rules {
  jwt_key_list keys;
  /// Ways of signing that count; empty: those of the keys.
  std::vector<jwt_algorithm> algorithms;
  /// `iss`; empty: any, or none.
  std::string issuer;
  /// One of `aud`; empty: any, or none.
  std::vector<std::string> audience;
  /// How far clocks may be apart.
  std::chrono::seconds clock_skew{30};
  /// Whether a token without `exp` is refused.
  bool needs_expiry = true;
};

using jwt_clock = std::chrono::system_clock;

struct jwt_verdict {
  /// Why it is refused: a clause that follows "the token "; nothing of the
  /// token. Empty where it is taken.
  std::string problem;
  /// The claims, a JSON object.
  boost::json::object claims;
  /// When it is good no more, the skew included; none: never.
  std::optional<jwt_clock::time_point> expires;
};

/// A longer token is refused unread.
constexpr std::size_t longest_jwt = 8 * 1024;

/// Judges a token in compact form (RFC 7519 §7.2, RFC 8725).
/// @param now of the clock that `exp` and `nbf` count by.
jwt_verdict check_jwt(std::string_view token, const jwt_rules& rules,
                      jwt_clock::time_point now);

} // namespace switchboard::net
