#pragma once

#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace switchboard::bench {

/// The server of `beast_session` with TLS: apart, as it takes a compiler as
/// long as the rest of the bench.
class beast_tls {
public:
  beast_tls();
  ~beast_tls();
  beast_tls(const beast_tls&) = delete;
  beast_tls& operator=(const beast_tls&) = delete;

  /// Accepts connections until the acceptor is closed. Throws
  /// `boost::system::system_error` for a certificate that cannot be used.
  /// @param certificate PEM file with chain and key.
  void accept_all(boost::asio::ip::tcp::acceptor& acceptor,
                  const std::string& certificate, bool deflate);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace switchboard::bench
