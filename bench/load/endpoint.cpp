#include "bench/load/endpoint.hpp"

#include <charconv>
#include <cstring>

#include <netdb.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

endpoint parse_url(std::string_view url) {
  auto rest = url;
  endpoint result;
  result.tls = rest.starts_with("wss://");
  if (result.tls)
    rest.remove_prefix(6);
  else if (rest.starts_with("ws://"))
    rest.remove_prefix(5);
  else if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  else
    throw wrong_usage{"not a ws://, wss:// or http:// URL: "
                      + std::string{url}};
  auto slash = rest.find('/');
  auto authority = rest.substr(0, slash);
  result.target = slash == std::string_view::npos
                      ? std::string{"/"}
                      : std::string{rest.substr(slash)};
  auto colon = authority.rfind(':');
  result.host = std::string{authority.substr(0, colon)};
  result.port = result.tls ? 443 : 80;
  if (colon != std::string_view::npos) {
    auto digits = authority.substr(colon + 1);
    auto [end, wrong] = std::from_chars(
        digits.data(), digits.data() + digits.size(), result.port);
    if (wrong != std::errc{} || end != digits.data() + digits.size())
      throw wrong_usage{"not a port: " + std::string{digits}};
  }
  if (result.host.empty())
    throw wrong_usage{"no host in " + std::string{url}};
  return result;
}

sockaddr_in resolve(const endpoint& which) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  auto code = ::getaddrinfo(which.host.c_str(), nullptr, &hints, &found);
  if (code != 0)
    throw failure{which.host + ": " + ::gai_strerror(code)};
  sockaddr_in result{};
  std::memcpy(&result, found->ai_addr, sizeof result);
  ::freeaddrinfo(found);
  result.sin_port = htons(which.port);
  return result;
}

} // namespace switchboard::bench
