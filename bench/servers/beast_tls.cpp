#include "bench/servers/beast_tls.hpp"

#include <utility>

#include <boost/asio/ssl.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "bench/servers/beast_session.hpp"

namespace switchboard::bench {

namespace ssl = asio::ssl;

using tls_session = beast_session<ssl::stream<tcp::socket>>;

struct beast_tls::state {
  ssl::context context{ssl::context::tls_server};
  tls_session::rooms rooms;
  bool deflate = false;

  void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept(
        [this, &acceptor](beast::error_code problem, tcp::socket socket) {
          if (problem == asio::error::operation_aborted)
            return;
          if (!problem)
            begin(std::move(socket));
          accept(acceptor);
        });
  }

  void begin(tcp::socket socket) {
    auto session = std::make_shared<tls_session>(
        ssl::stream<tcp::socket>{std::move(socket), context}, rooms, deflate);
    session->lower().async_handshake(ssl::stream_base::server,
                                     [session](beast::error_code problem) {
                                       if (!problem)
                                         session->run();
                                     });
  }
};

beast_tls::beast_tls() : state_(std::make_unique<state>()) {}

beast_tls::~beast_tls() = default;

void beast_tls::accept_all(tcp::acceptor& acceptor,
                           const std::string& certificate, bool deflate) {
  state_->context.use_certificate_chain_file(certificate);
  state_->context.use_private_key_file(certificate, ssl::context::pem);
  state_->deflate = deflate;
  state_->accept(acceptor);
}

} // namespace switchboard::bench
