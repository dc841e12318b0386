#include "net/tls_wire.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include "net/peer_check.hpp"
#include "net/record_cutter.hpp"
#include "net/tls_certificates.hpp"
#include "net/tls_error.hpp"

namespace switchboard::net {

namespace {

/// The most that a record grows to (RFC 5246 §6.2.3; TLS 1.3 adds less).
constexpr std::size_t encrypted_size = record_size + 2048 + 5;
static_assert(wire::ample >= 2 * encrypted_size);

/// Records of one write; other connections get their turn after it.
constexpr std::size_t records_per_write = 16;

/// What OpenSSL may want to say while the peer does not read: a flight of the
/// handshake and answers to key updates.
constexpr std::size_t backlog_limit = 256 * 1024;

/// OpenSSL wants the thread's queue of errors empty; to clear an empty one
/// takes it as long as a small record's cipher.
void forget_errors() {
  if (ERR_peek_error() != 0)
    ERR_clear_error();
}

boost::system::error_code system_error(int code) {
  return {code, boost::system::system_category()};
}

class tls_wire final : public handshaking_wire {
public:
  tls_wire(unique_fd fd, std::shared_ptr<const tls_context> context,
           const std::string& host)
      : fd_(std::move(fd)), context_(std::move(context)) {
    auto transport = BIO_new(method());
    if (transport == nullptr)
      return;
    BIO_set_data(transport, this);
    BIO_set_init(transport, 1);
    ERR_clear_error();
    ssl_ = context_->open(host);
    if (ssl_ == nullptr)
      BIO_free(transport);
    else
      SSL_set_bio(ssl_, transport, transport);
  }

  ~tls_wire() override {
    if (established_ && !lost_ && backlog_.empty() && !said_goodbye_)
      say_goodbye();
    SSL_free(ssl_);
  }

  progress handshake(std::string& problem) override;
  wire_result read(std::span<std::byte> into) override;
  wire_result write(std::span<const iovec> from) override;
  void shutdown_write() noexcept override;

  int fd() const noexcept override {
    return fd_.get();
  }

  bool secure() const noexcept override {
    return true;
  }

  int verdict_fd() const noexcept override {
    return check_.fd();
  }

  peer_certificate peer() const override {
    auto shown = ssl_ != nullptr && SSL_is_server(ssl_) == 1
                     ? SSL_get0_peer_certificate(ssl_)
                     : nullptr;
    return shown == nullptr ? peer_certificate{} : describe_certificate(shown);
  }

private:
  // OpenSSL's side of the socket
  static BIO_METHOD* method();
  static int on_write(BIO* transport, const char* bytes, int size);
  static int on_read(BIO* transport, char* into, int size);
  static long on_control(BIO* transport, int what, long, void*);

  bool put(std::span<const std::byte> bytes);
  bool flush_backlog();
  void lose(boost::system::error_code why);
  wire_result failure() const;
  wire_result::status judge_read(int outcome);
  progress fail_handshake(int outcome, std::string& problem);
  void say_goodbye() noexcept;

  unique_fd fd_;
  std::shared_ptr<const tls_context> context_;
  peer_check check_;
  SSL* ssl_ = nullptr;
  /// Encrypted and not yet taken by the socket. OpenSSL itself never waits
  /// for the socket: a record that it had begun would keep it from sending
  /// anything else, and a key update may be due any time.
  std::vector<std::byte> backlog_;
  /// Bytes of a user's write among the backlog.
  std::size_t held_ = 0;
  /// What OpenSSL may still read from the socket in this call.
  std::size_t allowance_ = 0;
  boost::system::error_code error_;
  bool established_ = false;
  bool peer_ended_ = false;
  bool lost_ = false;
  bool said_goodbye_ = false;
};

BIO_METHOD* tls_wire::method() {
  static BIO_METHOD* const result = [] {
    auto type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;
    auto made = BIO_meth_new(type, "switchboard socket");
    if (made != nullptr) {
      BIO_meth_set_write(made, on_write);
      BIO_meth_set_read(made, on_read);
      BIO_meth_set_ctrl(made, on_control);
    }
    return made;
  }();
  return result;
}

long tls_wire::on_control(BIO*, int what, long, void*) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

int tls_wire::on_write(BIO* transport, const char* bytes, int size) {
  auto self = static_cast<tls_wire*>(BIO_get_data(transport));
  BIO_clear_retry_flags(transport);
  if (size <= 0
      || !self->put(
          std::as_bytes(std::span{bytes, static_cast<std::size_t>(size)})))
    return -1;
  return size;
}

int tls_wire::on_read(BIO* transport, char* into, int size) {
  auto self = static_cast<tls_wire*>(BIO_get_data(transport));
  BIO_clear_retry_flags(transport);
  auto wanted =
      std::min(static_cast<std::size_t>(std::max(size, 0)), self->allowance_);
  if (wanted == 0) {
    BIO_set_retry_read(transport);
    return -1;
  }
  auto n = ::recv(self->fd_.get(), into, wanted, 0);
  if (n > 0) {
    auto got = static_cast<std::size_t>(n);
    // Fewer than asked for: there is no more now, and no need to ask.
    self->allowance_ = got < wanted ? 0 : self->allowance_ - got;
    return static_cast<int>(n);
  }
  if (n == 0) {
    self->peer_ended_ = true;
  } else if (errno == EAGAIN || errno == EINTR) {
    self->allowance_ = 0;
    BIO_set_retry_read(transport);
  } else {
    self->lose(system_error(errno));
  }
  return n == 0 ? 0 : -1;
}

/// Writes what the socket takes and keeps the rest.
bool tls_wire::put(std::span<const std::byte> bytes) {
  if (lost_)
    return false;
  if (backlog_.empty()) {
    auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      lose(system_error(errno));
      return false;
    }
    bytes = bytes.subspan(n < 0 ? 0 : static_cast<std::size_t>(n));
  }
  if (backlog_.size() + bytes.size() > backlog_limit) {
    lose(system_error(ENOBUFS));
    return false;
  }
  backlog_.insert(backlog_.end(), bytes.begin(), bytes.end());
  return true;
}

/// @returns whether nothing is left.
bool tls_wire::flush_backlog() {
  if (backlog_.empty())
    return true;
  auto n = ::send(fd_.get(), backlog_.data(), backlog_.size(), MSG_NOSIGNAL);
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR)
      lose(system_error(errno));
    return false;
  }
  backlog_.erase(backlog_.begin(), backlog_.begin() + n);
  if (!backlog_.empty())
    return false;
  std::vector<std::byte>{}.swap(backlog_);
  return true;
}

void tls_wire::lose(boost::system::error_code why) {
  if (!std::exchange(lost_, true))
    error_ = why;
}

wire_result tls_wire::failure() const {
  return {wire_result::status::failed, 0, error_};
}

handshaking_wire::progress tls_wire::handshake(std::string& problem) {
  if (ssl_ == nullptr) {
    problem = "the connection cannot be set up";
    return progress::failed;
  }
  if (!flush_backlog()) {
    if (!lost_)
      return progress::wants_write;
    problem = error_.message();
    return progress::failed;
  }
  if (!established_) {
    ERR_clear_error();
    // One record at a time: OpenSSL reads no further than it has to.
    allowance_ = backlog_limit;
    auto outcome = SSL_do_handshake(ssl_);
    if (outcome != 1) {
      if (SSL_get_error(ssl_, outcome) != SSL_ERROR_WANT_READ || lost_)
        return fail_handshake(outcome, problem);
      return backlog_.empty() ? progress::wants_read : progress::wants_write;
    }
    established_ = true;
    // From here on one system call fetches all there is.
    SSL_set_read_ahead(ssl_, 1);
    check_.begin(*context_, ssl_);
  }
  return backlog_.empty() ? check_.judge(*context_, ssl_, problem)
                          : progress::wants_write;
}

handshaking_wire::progress tls_wire::fail_handshake(int outcome,
                                                    std::string& problem) {
  auto verdict = SSL_get_verify_result(ssl_);
  auto code = ERR_peek_error();
  if (lost_)
    problem = error_.message();
  else if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED
           && verdict != X509_V_OK)
    problem = std::string{"certificate verify failed: "}
              + X509_verify_cert_error_string(verdict);
  else if (ERR_GET_LIB(code) == ERR_LIB_SSL
           && (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER
               || ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST))
    problem = "the peer does not speak TLS";
  else if (code == 0 && peer_ended_)
    problem = "the peer ended TCP during the handshake";
  else if (code != 0)
    problem = last_tls_error();
  else
    problem = "error " + std::to_string(SSL_get_error(ssl_, outcome));
  ERR_clear_error();
  lose(tls_truncated());
  return progress::failed;
}

wire_result tls_wire::read(std::span<std::byte> into) {
  // A buffer of `ample` has room for all that comes out of what is read now
  // and the piece of a record that was read before.
  allowance_ =
      into.size() >= ample ? into.size() - encrypted_size : into.size();
  std::size_t got = 0;
  auto what = lost_ ? wire_result::status::failed : wire_result::status::ok;
  while (what == wire_result::status::ok && got < into.size()) {
    forget_errors();
    std::size_t count = 0;
    auto outcome =
        SSL_read_ex(ssl_, into.data() + got, into.size() - got, &count);
    got += count;
    if (outcome != 1)
      what = judge_read(outcome);
    else if (allowance_ == 0 && SSL_has_pending(ssl_) == 0)
      break; // as OpenSSL would find out at some length
  }
  // A message of the handshake, as a ticket, leaves a buffer behind that no
  // write releases; where a piece of a record waits, this does nothing.
  SSL_free_buffers(ssl_);
  if (got == 0)
    return {what, 0, error_};
  // The end was found behind bytes that are due first. It is in this wire
  // now, not in the socket: make the socket tell of it again.
  if (what == wire_result::status::end || what == wire_result::status::failed)
    ::shutdown(fd_.get(), SHUT_RD);
  return {wire_result::status::ok, got, {}};
}

/// Why there is nothing more to read.
wire_result::status tls_wire::judge_read(int outcome) {
  using status = wire_result::status;
  if (lost_)
    return status::failed;
  switch (SSL_get_error(ssl_, outcome)) {
    case SSL_ERROR_WANT_READ:
      return status::would_block;
    case SSL_ERROR_ZERO_RETURN:
      return status::end;
    case SSL_ERROR_SYSCALL:
      if (peer_ended_) {
        error_ = tls_truncated();
        return status::end;
      }
      break;
    default:
      break;
  }
  lose(take_tls_error());
  return status::failed;
}

wire_result tls_wire::write(std::span<const iovec> from) {
  wire_result result;
  if (lost_)
    return failure();
  record_cutter rest{from, held_};
  if (flush_backlog())
    result.bytes = std::exchange(held_, 0);
  for (std::size_t i = 0;
       i < records_per_write && backlog_.empty() && !lost_ && !rest.empty();
       ++i) {
    auto content = rest.next();
    forget_errors();
    std::size_t count = 0;
    if (SSL_write_ex(ssl_, content.data(), content.size(), &count) != 1) {
      lose(take_tls_error());
      break;
    }
    if (backlog_.empty())
      result.bytes += count;
    else
      held_ = count;
  }
  if (lost_)
    return failure();
  result.held = held_;
  if (result.bytes == 0)
    result.what = wire_result::status::would_block;
  return result;
}

void tls_wire::shutdown_write() noexcept {
  if (established_ && !lost_ && backlog_.empty())
    say_goodbye();
  ::shutdown(fd_.get(), SHUT_WR);
}

void tls_wire::say_goodbye() noexcept {
  said_goodbye_ = true;
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

} // namespace

std::unique_ptr<handshaking_wire>
make_tls_wire(unique_fd fd, std::shared_ptr<const tls_context> context,
              const std::string& host) {
  return std::make_unique<tls_wire>(std::move(fd), std::move(context), host);
}

make_secure_wire make_client_wire(std::shared_ptr<const tls_context> context) {
  return [context = std::move(context)](
             unique_fd fd,
             const std::string& host) -> std::unique_ptr<handshaking_wire> {
    return make_tls_wire(std::move(fd), context, host);
  };
}

} // namespace switchboard::net
