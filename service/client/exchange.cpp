#include "service/client/exchange.hpp"

#include <array>
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <openssl/ssl.h>

namespace switchboard::service::client {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using asio::ip::tcp;

/// A page of a thousand sockets with the largest headers stays below it.
constexpr std::uint64_t most_body = 256 * 1024 * 1024;
constexpr std::chrono::seconds connect_patience{10};

http::request<http::string_body> to_request(const access& how,
                                            const http_question& what) {
  http::request<http::string_body> result;
  result.method_string(what.method);
  result.target(how.where.prefix + what.target);
  result.version(11);
  result.set(http::field::host, how.where.authority);
  result.set(http::field::user_agent, "switchboard/" SWITCHBOARD_VERSION);
  result.set(http::field::connection, "close");
  if (!how.token.empty())
    result.set(http::field::authorization, "Bearer " + how.token);
  if (!what.content_type.empty())
    result.set(http::field::content_type, what.content_type);
  result.body() = what.body;
  if (!what.body.empty() || what.method == "POST")
    result.content_length(what.body.size());
  return result;
}

/// Hands on the body as it comes.
template <class Stream>
asio::awaitable<void> follow(Stream& over, beast::flat_buffer& buffer,
                             http::response_parser<http::empty_body>& head,
                             const http_question& what) {
  http::response_parser<http::buffer_body> parser{std::move(head)};
  parser.body_limit(boost::none);
  std::array<char, 16 * 1024> piece;
  auto going_on = true;
  while (going_on && !parser.is_done()) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    beast::get_lowest_layer(over).expires_after(what.patience);
    beast::error_code failure;
    co_await http::async_read_some(
        over, buffer, parser,
        asio::redirect_error(asio::use_awaitable, failure));
    if (failure && failure != http::error::need_buffer)
      throw boost::system::system_error{failure};
    going_on = what.on_body({piece.data(), piece.size() - body.size});
  }
}

template <class Stream>
asio::awaitable<http_answer> talk(Stream& over, const access& how,
                                  const http_question& what) {
  auto request = to_request(how, what);
  co_await http::async_write(over, request, asio::use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::empty_body> head;
  head.body_limit(most_body);
  co_await http::async_read_header(over, buffer, head, asio::use_awaitable);
  if (what.on_body && head.get().result() == http::status::ok) {
    http_answer result;
    result.status = 200;
    co_await follow(over, buffer, head, what);
    co_return result;
  }
  http::response_parser<http::string_body> parser{std::move(head)};
  parser.body_limit(most_body);
  co_await http::async_read(over, buffer, parser, asio::use_awaitable);
  auto message = parser.release();
  http_answer result;
  result.status = message.result_int();
  result.content_type = std::string{message[http::field::content_type]};
  result.body = std::move(message.body());
  co_return result;
}

asio::awaitable<http_answer> talk_securely(beast::tcp_stream& plain,
                                           const access& how,
                                           const http_question& what) {
  asio::ssl::context context{asio::ssl::context::tls_client};
  if (how.trusted.empty())
    context.set_default_verify_paths();
  else
    context.load_verify_file(how.trusted);
  context.set_verify_mode(asio::ssl::verify_peer);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  beast::ssl_stream<beast::tcp_stream&> over{plain, context};
  over.set_verify_callback(asio::ssl::host_name_verification{how.where.host});
  boost::system::error_code is_name;
  asio::ip::make_address(how.where.host, is_name);
  // An address is no server name (RFC 6066 §3).
  if (is_name)
    SSL_set_tlsext_host_name(over.native_handle(), how.where.host.c_str());
  co_await over.async_handshake(asio::ssl::stream_base::client,
                                asio::use_awaitable);
  auto result = co_await talk(over, how, what);
  // The answer has its own length: nothing can be cut off it.
  co_return result;
}

asio::awaitable<http_answer> converse(beast::tcp_stream& over,
                                      const access& how,
                                      const http_question& what) {
  tcp::resolver resolver{over.get_executor()};
  auto found = co_await resolver.async_resolve(how.where.host, how.where.port,
                                               asio::use_awaitable);
  over.expires_after(connect_patience);
  co_await over.async_connect(found, asio::use_awaitable);
  over.expires_after(what.patience);
  if (how.where.secure)
    co_return co_await talk_securely(over, how, what);
  co_return co_await talk(over, how, what);
}

std::string reason_of(const boost::system::error_code& what,
                      std::chrono::seconds patience) {
  if (what == beast::error::timeout)
    return "no answer within " + std::to_string(patience.count()) + " s";
  if (what == http::error::end_of_stream)
    return "the connection was closed without an answer";
  return what.message();
}

} // namespace

bool exchange(const access& how, const http_question& what, http_answer& out,
              std::string& problem) {
  asio::io_context loop{1};
  beast::tcp_stream over{loop};
  auto conversation = [&] {
    return converse(over, how, what);
  };
  std::exception_ptr failure;
  asio::co_spawn(loop, conversation,
                 [&](std::exception_ptr thrown, http_answer result) {
                   failure = thrown;
                   out = std::move(result);
                 });
  loop.run();
  try {
    if (failure)
      std::rethrow_exception(failure);
    return true;
  } catch (const boost::system::system_error& thrown) {
    problem =
        to_string(how.where) + ": " + reason_of(thrown.code(), what.patience);
  } catch (const std::exception& thrown) {
    problem = to_string(how.where) + ": " + thrown.what();
  }
  return false;
}

} // namespace switchboard::service::client
