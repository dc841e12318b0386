// switchboard-bench-beast --port PORT [--deflate]: what a user of Boost.Beast
// writes first. /echo sends each message back; every other path is a room
// whose messages go to all of its sockets, the sender included. One thread.

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

namespace {

class session;
using rooms = std::map<std::string, std::set<session*>>;
using text = std::shared_ptr<const std::string>;

class session : public std::enable_shared_from_this<session> {
public:
  session(tcp::socket socket, rooms& all, bool deflate)
      : stream_(std::move(socket)), rooms_(all) {
    stream_.next_layer().set_option(tcp::no_delay{true});
    websocket::permessage_deflate extension;
    extension.server_enable = deflate;
    stream_.set_option(extension);
    stream_.auto_fragment(false);
  }

  ~session() {
    if (room_)
      room_->erase(this);
  }

  void run() {
    http::async_read(
        stream_.next_layer(), buffer_, request_,
        [self = shared_from_this()](beast::error_code problem, std::size_t) {
          if (!problem)
            self->accept();
        });
  }

  void send(const text& what, bool binary) {
    queue_.push_back({what, binary});
    if (queue_.size() == 1)
      write();
  }

private:
  struct outgoing {
    text content;
    bool binary;
  };

  void accept() {
    auto path = std::string{request_.target()};
    echoes_ = path == "/echo";
    if (!echoes_)
      room_ = &rooms_[path];
    stream_.async_accept(
        request_, [self = shared_from_this()](beast::error_code problem) {
          if (problem)
            return;
          if (self->room_)
            self->room_->insert(self.get());
          self->request_ = {};
          self->read();
        });
  }

  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](
                                    beast::error_code problem, std::size_t) {
      if (!problem)
        self->received();
    });
  }

  void received() {
    if (echoes_) {
      stream_.binary(stream_.got_binary());
      stream_.async_write(
          buffer_.data(),
          [self = shared_from_this()](beast::error_code problem, std::size_t) {
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
    stream_.async_write(
        asio::buffer(*queue_.front().content),
        [self = shared_from_this()](beast::error_code problem, std::size_t) {
          self->queue_.pop_front();
          if (!problem && !self->queue_.empty())
            self->write();
        });
  }

  websocket::stream<tcp::socket> stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  std::deque<outgoing> queue_;
  rooms& rooms_;
  std::set<session*>* room_ = nullptr;
  bool echoes_ = false;
};

void accept_all(tcp::acceptor& acceptor, rooms& all, bool deflate) {
  acceptor.async_accept([&acceptor, &all, deflate](beast::error_code problem,
                                                   tcp::socket socket) {
    if (problem == asio::error::operation_aborted)
      return;
    if (!problem)
      std::make_shared<session>(std::move(socket), all, deflate)->run();
    accept_all(acceptor, all, deflate);
  });
}

} // namespace

int main(int argc, char** argv) {
  unsigned short port = 0;
  bool deflate = false;
  for (int i = 1; i < argc; ++i) {
    std::string option{argv[i]};
    if (option == "--deflate") {
      deflate = true;
    } else if (option == "--port" && i + 1 < argc) {
      port = static_cast<unsigned short>(std::atoi(argv[++i]));
    } else {
      std::cerr << "switchboard-bench-beast --port PORT [--deflate]\n";
      return 2;
    }
  }
  rooms all; // outlives the sessions, which the context destroys
  asio::io_context context{1};
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), port}};
  acceptor.listen(4096);
  accept_all(acceptor, all, deflate);
  asio::signal_set ending{context, SIGINT, SIGTERM};
  ending.async_wait([&](beast::error_code, int) { context.stop(); });
  context.run();
}
