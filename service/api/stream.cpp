#include "service/api/stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/ssl.h>

namespace switchboard::service::api {

namespace asio = boost::asio;

stream::stream(tcp::socket socket,
               std::shared_ptr<const net::tls_context> context)
    : socket_(std::move(socket)), context_(std::move(context)) {
  if (!context_)
    return;
  if (auto handle = context_->open({}))
    tls_.emplace(socket_, handle);
}

asio::awaitable<stream::error_code> stream::shake_hands() {
  error_code failure;
  if (tls_)
    co_await tls_->async_handshake(
        asio::ssl::stream_base::server,
        asio::redirect_error(asio::use_awaitable, failure));
  else if (secure())
    failure = asio::error::no_memory;
  co_return failure;
}

asio::awaitable<void> stream::say_goodbye() {
  if (!tls_)
    co_return;
  error_code ignored;
  co_await tls_->async_shutdown(
      asio::redirect_error(asio::use_awaitable, ignored));
}

bool stream::certified() {
  if (!tls_)
    return false;
  auto handle = tls_->native_handle();
  return SSL_get0_peer_certificate(handle) != nullptr
         && SSL_get_verify_result(handle) == X509_V_OK;
}

} // namespace switchboard::service::api
