#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchboard::service::client {

/// Where a management API is.
struct endpoint {
  bool secure = false;
  /// Name or address, IPv6 without brackets.
  std::string host;
  std::string port;
  /// In front of each path, without a slash at its end; mostly empty.
  std::string prefix;
  /// As it goes into `Host`.
  std::string authority;
};

/// Reads `http://HOST[:PORT][/PREFIX]` or the same with `https`.
/// @param problem set to what is wrong where the answer is `nullopt`. Never
///        quotes the text, which may hold a password.
std::optional<endpoint> parse_endpoint(std::string_view text,
                                       std::string& problem);

/// `http://HOST:PORT`, for messages.
std::string to_string(const endpoint& what);

} // namespace switchboard::service::client
