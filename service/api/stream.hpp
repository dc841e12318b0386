#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/tls_context.hpp"

namespace switchboard::service::api {

/// A TCP connection, encrypted or not; Asio's and Beast's functions read from
/// it and write to it.
class stream {
public:
  using tcp = boost::asio::ip::tcp;
  using executor_type = tcp::socket::executor_type;
  using error_code = boost::system::error_code;

  /// @param context null: plain.
  stream(tcp::socket socket, std::shared_ptr<const net::tls_context> context);

  executor_type get_executor() {
    return socket_.get_executor();
  }

  /// What lies below the encryption.
  tcp::socket& socket() noexcept {
    return socket_;
  }

  bool secure() const noexcept {
    return context_ != nullptr;
  }

  /// Ends what is waited for with an error.
  void cancel();

  /// Agrees with the client on TLS, where it encrypts; first of all.
  /// @returns what has failed; empty for nothing.
  boost::asio::awaitable<std::string> shake_hands();

  /// Says that nothing more comes and waits for the client to say so, where it
  /// encrypts.
  boost::asio::awaitable<void> say_goodbye();

  /// Whether the client has shown a certificate that holds.
  bool certified();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& into, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& buffers) {
          if (tls_)
            tls_->async_read_some(buffers, std::move(handler));
          else
            socket_.async_read_some(buffers, std::move(handler));
        },
        token, into);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& buffers) {
          if (tls_)
            tls_->async_write_some(buffers, std::move(handler));
          else
            socket_.async_write_some(buffers, std::move(handler));
        },
        token, from);
  }

private:
  boost::asio::awaitable<std::string> check_peer();

  tcp::socket socket_;
  std::shared_ptr<const net::tls_context> context_;
  std::optional<boost::asio::ssl::stream<tcp::socket&>> tls_;
  /// While the check of the client's certificate is waited for.
  std::optional<boost::asio::posix::stream_descriptor> told_;
};

} // namespace switchboard::service::api
