#pragma once

#include <cstdint>
#include <string>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

namespace switchboard {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

/// Beast's own WebSocket, blocking.
class client {
public:
  explicit client(std::uint16_t port, const std::string& path = "/x",
                  bool compress = false) {
    if (compress) {
      websocket::permessage_deflate options;
      options.client_enable = true;
      stream.set_option(options);
    }
    stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
    stream.next_layer().set_option(asio::ip::tcp::no_delay{true});
    stream.read_message_max(64 * 1024 * 1024);
    stream.handshake("127.0.0.1", path);
  }

  void send(const std::string& text, bool binary = false) {
    stream.binary(binary);
    stream.write(asio::buffer(text));
  }

  /// The next message; the error's text where there is none.
  std::string receive() {
    beast::flat_buffer buffer;
    beast::error_code failure;
    stream.read(buffer, failure);
    if (failure)
      return "error: " + failure.message();
    return beast::buffers_to_string(buffer.data());
  }

  /// Reads to the end.
  websocket::close_reason end() {
    beast::flat_buffer buffer;
    beast::error_code failure;
    while (!failure) {
      stream.read(buffer, failure);
      buffer.clear();
    }
    return stream.reason();
  }

  void reset() {
    stream.next_layer().set_option(asio::socket_base::linger{true, 0});
    stream.next_layer().close();
  }

  asio::io_context context;
  websocket::stream<asio::ip::tcp::socket> stream{context};
};

} // namespace switchboard
