// switchboard-bench-beast --port PORT [--deflate] [--certificate FILE]: what a
// user of Boost.Beast writes first, on one thread; with TLS where a PEM file
// with certificate and key is given.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/signal_set.hpp>

#include "bench/servers/beast_session.hpp"
#include "bench/servers/beast_tls.hpp"

using namespace switchboard::bench;

namespace {

using plain_session = beast_session<tcp::socket>;

void accept_all(tcp::acceptor& acceptor, plain_session::rooms& all,
                bool deflate) {
  acceptor.async_accept([&acceptor, &all, deflate](beast::error_code problem,
                                                   tcp::socket socket) {
    if (problem == asio::error::operation_aborted)
      return;
    if (!problem)
      std::make_shared<plain_session>(std::move(socket), all, deflate)->run();
    accept_all(acceptor, all, deflate);
  });
}

} // namespace

int main(int argc, char** argv) {
  unsigned short port = 0;
  bool deflate = false;
  std::string certificate;
  for (int i = 1; i < argc; ++i) {
    std::string option{argv[i]};
    if (option == "--deflate") {
      deflate = true;
    } else if (option == "--port" && i + 1 < argc) {
      port = static_cast<unsigned short>(std::atoi(argv[++i]));
    } else if (option == "--certificate" && i + 1 < argc) {
      certificate = argv[++i];
    } else {
      std::cerr << "switchboard-bench-beast --port PORT [--deflate] "
                   "[--certificate FILE]\n";
      return 2;
    }
  }
  // These outlive the sessions, which the context destroys.
  plain_session::rooms all;
  beast_tls encrypted;
  asio::io_context context{1};
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), port}};
  acceptor.listen(4096);
  if (certificate.empty())
    accept_all(acceptor, all, deflate);
  else
    encrypted.accept_all(acceptor, certificate, deflate);
  asio::signal_set ending{context, SIGINT, SIGTERM};
  ending.async_wait([&](beast::error_code, int) { context.stop(); });
  context.run();
}
