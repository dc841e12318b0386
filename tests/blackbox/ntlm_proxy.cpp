// ntlm-proxy proxy | ntlm-proxy origin PORT | ntlm-proxy client
//
// An HTTP proxy that tunnels CONNECT, or the front of the HTTP server at PORT
// of 127.0.0.1, which lets in only who proves by NTLM who he is. GSS-API's
// accepting side judges that by the password file in NTLM_USER_FILE, each
// connection for itself. Tells on standard output, a line each: `port N` once
// it listens, `challenged`, `refused` and `user DOMAIN\NAME` as it happens. The
// end of its input ends it. The other half is ntlm_proxy.mjs.
//
// As a client it takes domain, user and password, a line each, and tells the
// first message in base64; takes the challenge and tells the third.

#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "net/base64.hpp"
#include "net/ntlm_authentication.hpp"
#include "tests/ntlm_acceptor.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using request = http::request<http::empty_body>;
using response = http::response<http::empty_body>;
using switchboard::net::from_base64;
using switchboard::net::to_base64;
using switchboard::tests::ntlm_acceptor;

struct settings {
  bool is_proxy = true;
  /// Of the server behind it.
  unsigned short backend = 0;

  http::field credentials() const {
    return is_proxy ? http::field::proxy_authorization
                    : http::field::authorization;
  }
};

void tell(const std::string& line) {
  std::cout << line << std::endl;
}

/// Judges the requests of one connection.
class gate {
public:
  explicit gate(const settings& with) : settings_{with} {}

  /// @returns whether it is let in; else `challenge` is what to ask with.
  bool let_in(const request& asked, std::string& challenge) {
    std::string credentials{asked[settings_.credentials()]};
    challenge = "NTLM";
    if (!credentials.starts_with("NTLM ")) {
      tell("challenged");
      return false;
    }
    auto message = from_base64(credentials.substr(5));
    auto answer = message ? acceptor_->accept(*message) : std::nullopt;
    if (answer && acceptor_->complete()) {
      tell("user " + acceptor_->user());
      return true;
    }
    if (!answer) {
      tell("refused");
      acceptor_ = std::make_unique<ntlm_acceptor>();
      return false;
    }
    challenge += " " + to_base64(*answer);
    return false;
  }

private:
  settings settings_;
  std::unique_ptr<ntlm_acceptor> acceptor_ = std::make_unique<ntlm_acceptor>();
};

/// One direction of a tunnel; its end ends that of the other side.
asio::awaitable<void> pump(std::shared_ptr<tcp::socket> from,
                           std::shared_ptr<tcp::socket> to) {
  char bytes[16384];
  error_code failure;
  while (!failure) {
    auto size = co_await from->async_read_some(
        asio::buffer(bytes),
        asio::redirect_error(asio::use_awaitable, failure));
    if (size > 0)
      co_await asio::async_write(
          *to, asio::buffer(bytes, size),
          asio::redirect_error(asio::use_awaitable, failure));
  }
  error_code ignored;
  to->shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> connect_to(tcp::socket& socket, std::string authority) {
  auto colon = authority.rfind(':');
  if (colon == authority.npos)
    throw std::invalid_argument("no port");
  tcp::resolver resolver{socket.get_executor()};
  auto found = co_await resolver.async_resolve(authority.substr(0, colon),
                                               authority.substr(colon + 1),
                                               asio::use_awaitable);
  co_await asio::async_connect(socket, found, asio::use_awaitable);
}

asio::awaitable<void> deny(tcp::socket& client, const request& asked,
                           const settings& with, const std::string& challenge) {
  response denial{with.is_proxy ? http::status::proxy_authentication_required
                                : http::status::unauthorized,
                  asked.version()};
  denial.set(with.is_proxy ? http::field::proxy_authenticate
                           : http::field::www_authenticate,
             challenge);
  denial.content_length(0);
  denial.keep_alive(asked.keep_alive());
  co_await http::async_write(client, denial, asio::use_awaitable);
}

asio::awaitable<void> serve(tcp::socket accepted, settings with) {
  auto client = std::make_shared<tcp::socket>(std::move(accepted));
  auto server = std::make_shared<tcp::socket>(client->get_executor());
  gate door{with};
  beast::flat_buffer buffer;
  request asked;
  for (;;) {
    asked = {};
    co_await http::async_read(*client, buffer, asked, asio::use_awaitable);
    std::string challenge;
    if (door.let_in(asked, challenge))
      break;
    co_await deny(*client, asked, with, challenge);
    if (!asked.keep_alive())
      co_return;
  }
  if (with.is_proxy) {
    if (asked.method() != http::verb::connect)
      throw std::invalid_argument("only CONNECT");
    co_await connect_to(*server, std::string{asked.target()});
    response done{http::status::ok, asked.version()};
    co_await http::async_write(*client, done, asio::use_awaitable);
  } else {
    co_await connect_to(*server, "127.0.0.1:" + std::to_string(with.backend));
    asked.erase(with.credentials());
    co_await http::async_write(*server, asked, asio::use_awaitable);
  }
  co_await asio::async_write(*server, buffer.data(), asio::use_awaitable);
  auto executor = client->get_executor();
  asio::co_spawn(executor, pump(client, server), asio::detached);
  asio::co_spawn(executor, pump(server, client), asio::detached);
}

asio::awaitable<void> listen(asio::io_context& io, settings with) {
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  tell("port " + std::to_string(acceptor.local_endpoint().port()));
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    // A connection that fails is closed, and no other is touched.
    asio::co_spawn(io, serve(std::move(socket), with), asio::detached);
  }
}

/// The end of the input ends the process.
asio::awaitable<void> watch_input(asio::io_context& io) {
  asio::posix::stream_descriptor input{io, ::dup(STDIN_FILENO)};
  char byte;
  error_code failure;
  while (!failure)
    co_await input.async_read_some(
        asio::buffer(&byte, 1),
        asio::redirect_error(asio::use_awaitable, failure));
  io.stop();
}

int be_client() {
  switchboard::tests::leaks_overlooked of_the_library;
  std::string domain;
  std::string username;
  std::string password;
  std::getline(std::cin, domain);
  std::getline(std::cin, username);
  std::getline(std::cin, password);
  switchboard::net::ntlm_handshake handshake{
      {username, password, domain, "", "127.0.0.1"}};
  auto first = handshake.open();
  if (!first)
    throw std::runtime_error{handshake.problem()};
  tell(to_base64(*first));
  std::string challenge;
  std::getline(std::cin, challenge);
  auto third = handshake.respond(from_base64(challenge).value_or(""));
  if (!third)
    throw std::runtime_error{handshake.problem()};
  tell(to_base64(*third));
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  settings with;
  std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "client")
    return be_client();
  with.is_proxy = mode == "proxy" && argc == 2;
  if (mode == "origin" && argc == 3)
    with.backend = static_cast<unsigned short>(std::stoi(argv[2]));
  if (!with.is_proxy && with.backend == 0) {
    std::cerr << "usage: ntlm-proxy proxy | origin PORT | client\n";
    return 2;
  }
  asio::io_context io{1};
  int status = 0;
  asio::co_spawn(io, listen(io, with), [&](std::exception_ptr) {
    status = 1;
    io.stop();
  });
  asio::co_spawn(io, watch_input(io), asio::detached);
  io.run();
  return status;
}
