#include "service/api/stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/ssl.h>
#include <unistd.h>

#include "net/peer_check.hpp"

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

void stream::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
  if (told_)
    told_->cancel(ignored);
}

asio::awaitable<std::string> stream::shake_hands() {
  if (!tls_)
    co_return secure() ? "no memory for TLS" : "";
  error_code failure;
  co_await tls_->async_handshake(
      asio::ssl::stream_base::server,
      asio::redirect_error(asio::use_awaitable, failure));
  if (failure)
    co_return failure.message();
  co_return co_await check_peer();
}

/// Waits until it is known that the client's certificate was not revoked, where
/// that is asked for.
asio::awaitable<std::string> stream::check_peer() {
  using progress = net::handshaking_wire::progress;
  net::peer_check check;
  check.begin(*context_, tls_->native_handle());
  std::string problem;
  while (check.judge(*context_, tls_->native_handle(), problem)
         == progress::wants_verdict) {
    told_.emplace(get_executor(), ::dup(check.fd()));
    error_code failure;
    co_await told_->async_wait(
        asio::posix::descriptor_base::wait_read,
        asio::redirect_error(asio::use_awaitable, failure));
    told_.reset();
    if (failure)
      co_return failure.message();
  }
  co_return problem;
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
