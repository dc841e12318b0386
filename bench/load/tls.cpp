#include "bench/load/tls.hpp"

#include <cerrno>
#include <utility>

#include <openssl/err.h>
#include <sys/socket.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

// As the buffer that plain connections read into: fewer calls of the system.
constexpr std::size_t read_ahead_bytes = 64 * 1024;
constexpr std::size_t most_unused = 1024;

std::string last_problem() {
  std::string text(256, '\0');
  ::ERR_error_string_n(::ERR_get_error(), text.data(), text.size());
  text.resize(text.find('\0'));
  return text;
}

} // namespace

tls_context::tls_context(bool resumes)
    : context_(::SSL_CTX_new(::TLS_client_method())), resumes_(resumes) {
  if (!context_)
    throw failure{"TLS: " + last_problem()};
  auto* context = context_.get();
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE
                                  | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_read_ahead(context, 1);
  ::SSL_CTX_set_default_read_buffer_len(context, read_ahead_bytes);
  if (!resumes)
    return;
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT
                                                | SSL_SESS_CACHE_NO_INTERNAL);
  ::SSL_CTX_sess_set_new_cb(context, keep_session);
  SSL_CTX_set_app_data(context, this);
}

int tls_context::keep_session(SSL* from, SSL_SESSION* session) {
  auto* context = ::SSL_get_SSL_CTX(from);
  auto self = static_cast<tls_context*>(SSL_CTX_get_app_data(context));
  if (self->unused_.size() == most_unused)
    return 0;
  self->unused_.emplace_back(session);
  return 1;
}

tls_layer::tls_layer(tls_context& shared, int fd, const std::string& host)
    : tls_(::SSL_new(shared.context_.get())), fd_(fd) {
  auto* input = tls_ ? ::BIO_new_socket(fd, BIO_NOCLOSE) : nullptr;
  auto* output = input ? ::BIO_new(::BIO_s_mem()) : nullptr;
  if (!output) {
    ::BIO_free(input);
    throw failure{"TLS: " + last_problem()};
  }
  ::SSL_set_bio(tls_.get(), input, output);
  ::SSL_set_tlsext_host_name(tls_.get(), host.c_str());
  ::SSL_set_connect_state(tls_.get());
  if (shared.unused_.empty())
    return;
  offers_ = true;
  auto session = std::move(shared.unused_.back());
  shared.unused_.pop_back();
  if (::SSL_set_session(tls_.get(), session.get()) != 1)
    throw failure{"TLS: " + last_problem()};
}

tls_layer::~tls_layer() = default;

bool tls_layer::holds_output() const noexcept {
  return ::BIO_ctrl_pending(::SSL_get_wbio(tls_.get())) > written_;
}

// Whether all is written; errno says why not.
bool tls_layer::flush() {
  auto* output = ::SSL_get_wbio(tls_.get());
  char* bytes = nullptr;
  auto size = static_cast<std::size_t>(BIO_get_mem_data(output, &bytes));
  if (size == 0)
    return true;
  auto sent = ::send(fd_, bytes + written_, size - written_, MSG_NOSIGNAL);
  if (sent < 0)
    return false;
  written_ += static_cast<std::size_t>(sent);
  if (written_ < size) {
    errno = EAGAIN;
    return false;
  }
  (void)BIO_reset(output);
  written_ = 0;
  return true;
}

ssize_t tls_layer::outcome(int result) {
  auto kind = ::SSL_get_error(tls_.get(), result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
    return -1;
  }
  if (kind == SSL_ERROR_ZERO_RETURN)
    return 0;
  if (kind == SSL_ERROR_SYSCALL && errno != 0)
    return -1;
  if (ERR_GET_REASON(::ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return 0;
  throw failure{"TLS: " + last_problem()};
}

ssize_t tls_layer::receive(std::span<std::byte> into) {
  ::ERR_clear_error();
  errno = 0;
  auto got = ::SSL_read(tls_.get(), into.data(), static_cast<int>(into.size()));
  auto result = got > 0 ? got : outcome(got);
  auto problem = errno;
  // The handshake, or an answer to a key update.
  if (!flush() && errno != EAGAIN)
    return -1;
  errno = problem;
  return result;
}

ssize_t tls_layer::send(std::span<const std::byte> bytes) {
  if (!flush())
    return -1;
  if (bytes.empty())
    return 0;
  ::ERR_clear_error();
  errno = 0;
  auto taken =
      ::SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
  auto result = taken > 0 ? taken : outcome(taken);
  auto problem = errno;
  if (!flush() && errno != EAGAIN)
    return -1;
  errno = problem;
  return result;
}

void tls_layer::check_resumption() const {
  if (offers_ && ::SSL_session_reused(tls_.get()) != 1)
    throw failure{"the server does not resume the TLS session"};
}

} // namespace switchboard::bench
