#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <openssl/ssl.h>

namespace switchboard::net {

/// Sessions that a client resumes, the newest of each host. Any thread.
class tls_sessions {
public:
  /// Hosts whose session is kept; beyond them the one unused for longest is
  /// forgotten.
  static constexpr std::size_t capacity = 256;

  /// Makes connections of a context leave their sessions here; must outlive
  /// them.
  explicit tls_sessions(SSL_CTX* context);

  /// Tells a connection whom it is to and offers it a session of that host.
  void prepare(SSL* connection, const std::string& host);

  /// Forgets the session of a connection's host.
  void forget(SSL* connection);

  std::size_t size() const;

private:
  struct release {
    void operator()(SSL_SESSION* session) const noexcept;
  };

  struct entry {
    std::string host;
    std::unique_ptr<SSL_SESSION, release> session;
  };

  static int on_new_session(SSL* connection, SSL_SESSION* session);

  void keep(const std::string& host, SSL_SESSION* session);

  mutable std::mutex mutex_;
  /// The one used last is in front.
  std::list<entry> entries_;
  std::unordered_map<std::string, std::list<entry>::iterator> by_host_;
};

} // namespace switchboard::net
