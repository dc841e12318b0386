#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/handshake.hpp"

namespace switchboard::net {

/// One challenge of WWW-Authenticate or Proxy-Authenticate (RFC 9110 §11.3).
struct http_challenge {
  /// As it came; compare it without case.
  std::string scheme;
  /// The token68; empty where there is none.
  std::string token;
  /// Names in lower case, each at most once; values unquoted.
  std::vector<std::pair<std::string, std::string>> parameters;

  /// Null where absent. @param name in lower case.
  const std::string* parameter(std::string_view name) const noexcept;
};

/// Reads all challenges of one header that may come several times. Of an
/// ill-formed field the challenges before the fault are kept, and the rest of
/// that field is not read. At most 32 challenges with 32 parameters each.
/// @param name of the header, compared without case.
std::vector<http_challenge> parse_challenges(const header_list& headers,
                                             std::string_view name);

} // namespace switchboard::net
