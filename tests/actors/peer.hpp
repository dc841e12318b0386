#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

namespace switchboard {

/// Somebody else's WebSocket server: Beast's, blocking, one connection at a
/// time or several, as the test asks for.
class peer_server {
public:
  using tcp = boost::asio::ip::tcp;

  /// One accepted connection.
  class session {
  public:
    explicit session(tcp::socket socket) : stream(std::move(socket)) {
      // The whole request, to be looked at.
      boost::beast::flat_buffer buffer;
      boost::beast::http::read(stream.next_layer(), buffer, request);
      stream.read_message_max(64 * 1024 * 1024);
      stream.accept(request);
    }

    void send(const std::string& text) {
      stream.text(true);
      stream.write(boost::asio::buffer(text));
    }

    /// The next message; the error's text where there is none.
    std::string receive() {
      boost::beast::flat_buffer buffer;
      boost::beast::error_code failure;
      stream.read(buffer, failure);
      if (failure)
        return "error: " + failure.message();
      return boost::beast::buffers_to_string(buffer.data());
    }

    void close(std::uint16_t code) {
      boost::beast::error_code ignored;
      stream.close(boost::beast::websocket::close_reason{code}, ignored);
    }

    void reset() {
      stream.next_layer().set_option(boost::asio::socket_base::linger{true, 0});
      stream.next_layer().close();
    }

    boost::beast::http::request<boost::beast::http::empty_body> request;
    boost::beast::websocket::stream<tcp::socket> stream;
  };

  peer_server() {
    listen(0);
    port_ = acceptor_->local_endpoint().port();
  }

  std::uint16_t port() const {
    return port_;
  }

  std::unique_ptr<session> accept() {
    return std::make_unique<session>(acceptor_->accept());
  }

  /// Refuses connections from here on.
  void go_away() {
    acceptor_.reset();
  }

  void come_back() {
    listen(port_);
  }

private:
  void listen(std::uint16_t port) {
    acceptor_.emplace(context_);
    acceptor_->open(tcp::v4());
    acceptor_->set_option(boost::asio::socket_base::reuse_address{true});
    acceptor_->bind({boost::asio::ip::address_v4::loopback(), port});
    acceptor_->listen();
  }

  boost::asio::io_context context_;
  std::optional<tcp::acceptor> acceptor_;
  std::uint16_t port_ = 0;
};

} // namespace switchboard
