#include "net/listener.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>

namespace switchboard::net {

namespace {

using boost::system::error_code;

struct free_addresses {
  void operator()(addrinfo* list) const noexcept {
    ::freeaddrinfo(list);
  }
};

std::string render(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET6) {
    auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return '[' + std::string{text.data()}
           + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  return std::string{text.data()} + ':' + std::to_string(ntohs(v4.sin_port));
}

void set_port(sockaddr_storage& address, std::uint16_t port) noexcept {
  if (address.ss_family == AF_INET6)
    reinterpret_cast<sockaddr_in6&>(address).sin6_port = htons(port);
  else
    reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);
}

error_code last_error() {
  return {errno, boost::system::system_category()};
}

unique_fd open_socket(const sockaddr_storage& address, socklen_t length,
                      bool shared, error_code& error) {
  unique_fd fd{::socket(address.ss_family,
                        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  auto on = 1;
  auto failed =
      !fd
      || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
      || (shared
          && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on)
                 != 0)
      || (address.ss_family == AF_INET6
          && ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on)
                 != 0)
      // What is accepted inherits it.
      || ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
      || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length)
             != 0
      || ::listen(fd.get(), SOMAXCONN) != 0;
  if (failed) {
    error = last_error();
    return {};
  }
  return fd;
}

sockaddr_storage resolve(const std::string& host, socklen_t& length,
                         error_code& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  sockaddr_storage result{};
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) {
    error = boost::asio::error::host_not_found;
    return result;
  }
  std::unique_ptr<addrinfo, free_addresses> guard{list};
  std::memcpy(&result, list->ai_addr, list->ai_addrlen);
  length = list->ai_addrlen;
  return result;
}

std::string address_of(int fd,
                       int (*ask)(int, sockaddr*, socklen_t*)) noexcept {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (ask(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return {};
  return render(address);
}

/// Whether a minute is over; begins the next one then.
bool ends_quiet(std::atomic<clock::rep>& quiet_until,
                clock::time_point now) noexcept {
  constexpr clock::duration quiet = std::chrono::minutes{1};
  auto here = now.time_since_epoch().count();
  auto until = quiet_until.load(std::memory_order_relaxed);
  return here >= until
         && quiet_until.compare_exchange_strong(until, here + quiet.count(),
                                                std::memory_order_relaxed);
}

} // namespace

bool listener_state::tells_trouble(clock::time_point now) noexcept {
  return ends_quiet(quiet_until_, now);
}

bool listener_state::tells_credentials(clock::time_point now) const noexcept {
  return ends_quiet(credentials_quiet_until_, now);
}

bound_listener bind_listener(const std::string& host, std::uint16_t port,
                             std::size_t shards, error_code& error,
                             bool alone) {
  bound_listener result;
  socklen_t length = 0;
  auto address = resolve(host, length, error);
  if (error)
    return result;
  set_port(address, port);
  // SO_REUSEPORT would let two processes share the port unnoticed: a socket
  // without it finds out whether the address is taken.
  if (alone || port == 0) {
    auto probe = open_socket(address, length, false, error);
    if (error)
      return result;
    socklen_t size = sizeof address;
    ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size);
  }
  for (std::size_t i = 0; i < shards; ++i) {
    auto fd = open_socket(address, length, true, error);
    if (error) {
      result.sockets.clear();
      return result;
    }
    result.sockets.push_back(std::move(fd));
  }
  result.address = render(address);
  return result;
}

bound_listener adopt_listener(int fd, std::size_t shards, error_code& error) {
  bound_listener result;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto listens = 0;
  socklen_t length = sizeof listens;
  auto on = 1;
  auto flags = ::fcntl(fd, F_GETFL);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0
      || ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0
      || flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    error = last_error();
    return result;
  }
  if (listens == 0
      || (address.ss_family != AF_INET && address.ss_family != AF_INET6)) {
    error = boost::asio::error::operation_not_supported;
    return result;
  }
  // What is accepted inherits it.
  if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    error = last_error();
    return result;
  }
  for (std::size_t i = 0; i < shards; ++i) {
    unique_fd copy{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    if (!copy) {
      error = last_error();
      result.sockets.clear();
      return result;
    }
    result.sockets.push_back(std::move(copy));
  }
  result.address = render(address);
  return result;
}

std::string local_address_of(int fd) {
  return address_of(fd, ::getsockname);
}

std::string remote_address_of(int fd) {
  return address_of(fd, ::getpeername);
}

} // namespace switchboard::net
