#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

namespace switchboard::bench {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

/// The sockets of each path.
template <class Session>
using beast_rooms = std::map<std::string, std::set<Session*>>;

/// One WebSocket of the server that a user of Boost.Beast writes first: on
/// `/echo` each message goes back, every other path is a room whose messages
/// go to all of its sockets, the sender included.
/// @tparam Layer what lies below: a TCP socket, or TLS on one.
template <class Layer>
class beast_session
    : public std::enable_shared_from_this<beast_session<Layer>> {
public:
  using rooms = beast_rooms<beast_session>;

  /// @param lower connected; with TLS its handshake is still to be done.
  beast_session(Layer lower, rooms& all, bool deflate)
      : stream_(std::move(lower)), rooms_(all) {
    beast::get_lowest_layer(stream_).set_option(tcp::no_delay{true});
    websocket::permessage_deflate extension;
    extension.server_enable = deflate;
    stream_.set_option(extension);
    stream_.auto_fragment(false);
  }

  ~beast_session() {
    if (room_)
      room_->erase(this);
  }

  Layer& lower() noexcept {
    return stream_.next_layer();
  }

  /// Reads the request, answers it and serves the socket. It lives as long as
  /// something of it is under way.
  void run() {
    http::async_read(stream_.next_layer(), buffer_, request_,
                     [self = this->shared_from_this()](
                         beast::error_code problem, std::size_t) {
                       if (!problem)
                         self->accept();
                     });
  }

  void send(const std::shared_ptr<const std::string>& what, bool binary) {
    queue_.push_back({what, binary});
    if (queue_.size() == 1)
      write();
  }

private:
  struct outgoing {
    std::shared_ptr<const std::string> content;
    bool binary;
  };

  void accept() {
    auto path = std::string{request_.target()};
    echoes_ = path == "/echo";
    if (!echoes_)
      room_ = &rooms_[path];
    stream_.async_accept(
        request_, [self = this->shared_from_this()](beast::error_code problem) {
          if (problem)
            return;
          if (self->room_)
            self->room_->insert(self.get());
          self->request_ = {};
          self->read();
        });
  }

  void read() {
    stream_.async_read(buffer_, [self = this->shared_from_this()](
                                    beast::error_code problem, std::size_t) {
      if (!problem)
        self->received();
    });
  }

  void received() {
    if (echoes_) {
      stream_.binary(stream_.got_binary());
      stream_.async_write(buffer_.data(),
                          [self = this->shared_from_this()](
                              beast::error_code problem, std::size_t) {
                            self->buffer_.clear();
                            if (!problem)
                              self->read();
                          });
      return;
    }
    auto content = std::make_shared<const std::string>(
        beast::buffers_to_string(buffer_.data()));
    buffer_.clear();
    for (auto* each : *room_)
      each->send(content, stream_.got_binary());
    read();
  }

  void write() {
    stream_.binary(queue_.front().binary);
    stream_.async_write(asio::buffer(*queue_.front().content),
                        [self = this->shared_from_this()](
                            beast::error_code problem, std::size_t) {
                          self->queue_.pop_front();
                          if (!problem && !self->queue_.empty())
                            self->write();
                        });
  }

  websocket::stream<Layer> stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  std::deque<outgoing> queue_;
  rooms& rooms_;
  std::set<beast_session*>* room_ = nullptr;
  bool echoes_ = false;
};

} // namespace switchboard::bench
