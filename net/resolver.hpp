#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/system/error_code.hpp>

#include <sys/socket.h>

namespace switchboard::net {

/// An address to connect to.
struct endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

/// Looks names up on threads of its own, because the system's resolver
/// blocks. Any thread. Numeric addresses are answered like names.
class resolver {
public:
  /// @param endpoints in the order of RFC 6724; empty where `error` is set.
  using callback = std::function<void(std::vector<endpoint> endpoints,
                                      const boost::system::error_code& error)>;

  /// @param threads most lookups at a time; made on first use.
  explicit resolver(std::size_t threads = 4);

  /// Every callback is still called, that of a lookup under way with an error:
  /// its thread is left to the system's resolver. Not from within one.
  ~resolver();

  /// @param done called once, on one of the resolver's threads, or before
  ///        this returns where too many lookups wait already.
  void resolve(std::string host, std::uint16_t port, callback done);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace switchboard::net
