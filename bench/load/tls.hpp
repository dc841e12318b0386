#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <openssl/ssl.h>

namespace switchboard::bench {

/// What the TLS connections to one server share. Certificates are not judged:
/// the servers of a comparison make their own.
class tls_context {
public:
  /// @param resumes each handshake but the first ones goes on with a session
  /// that the server gave out, each used once (RFC 8446 §2.2, RFC 5077).
  explicit tls_context(bool resumes);

  bool resumes() const noexcept {
    return resumes_;
  }

private:
  friend class tls_layer;
  static int keep_session(SSL* from, SSL_SESSION* session);

  struct context_free {
    void operator()(SSL_CTX* context) const noexcept {
      ::SSL_CTX_free(context);
    }
  };
  struct session_free {
    void operator()(SSL_SESSION* session) const noexcept {
      ::SSL_SESSION_free(session);
    }
  };

  std::unique_ptr<SSL_CTX, context_free> context_;
  std::vector<std::unique_ptr<SSL_SESSION, session_free>> unused_;
  bool resumes_;
};

/// TLS on a connected non-blocking socket that it does not own. What is to be
/// written is gathered and leaves with one system call.
class tls_layer {
public:
  tls_layer(tls_context& shared, int fd, const std::string& host);
  ~tls_layer();
  tls_layer(const tls_layer&) = delete;
  tls_layer& operator=(const tls_layer&) = delete;

  /// As recv(2): -1 with errno, 0 at the end.
  ssize_t receive(std::span<std::byte> into);

  /// As send(2); -1 with EAGAIN as well while the handshake lasts.
  ssize_t send(std::span<const std::byte> bytes);

  /// Whether something was read from the socket that `receive` has not given.
  bool holds_input() const noexcept {
    return ::SSL_has_pending(tls_.get()) == 1;
  }

  /// Whether something is still to be written to the socket.
  bool holds_output() const noexcept;

  /// Throws `failure` where a session was offered and not taken.
  void check_resumption() const;

private:
  ssize_t outcome(int result);
  bool flush();

  struct tls_free {
    void operator()(SSL* tls) const noexcept {
      // Without a word to the peer, and the session is still good.
      ::SSL_set_shutdown(tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
      ::SSL_free(tls);
    }
  };

  std::unique_ptr<SSL, tls_free> tls_;
  int fd_;
  std::size_t written_ = 0;
  bool offers_ = false;
};

} // namespace switchboard::bench
