#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/ssl.h>

#include "net/tls_wire.hpp"
#include "net/unique_fd.hpp"

/// What the tests of TLS share: certificates made on the spot and a peer that
/// is nothing but OpenSSL.
namespace tls_peer {

using switchboard::net::unique_fd;

template <auto Free>
struct releaser {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

using x509_ptr = std::unique_ptr<X509, releaser<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, releaser<EVP_PKEY_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, releaser<SSL_CTX_free>>;
using ssl_ptr = std::unique_ptr<SSL, releaser<SSL_free>>;

/// A certificate and its key.
struct identity {
  x509_ptr certificate;
  key_ptr key;

  std::string certificate_pem() const;
  std::string key_pem() const;
};

struct wish {
  std::string subject = "test";
  /// As in "DNS:a.example,IP:127.0.0.1".
  std::string names = {};
  /// Days from now.
  int from = -1;
  int until = 30;
  /// Null: signed by itself.
  const identity* issuer = nullptr;
  bool authority = false;
  /// More of them, by their NID, as openssl's configuration files have them.
  std::vector<std::pair<int, std::string>> extensions = {};
};

identity issue(const wish& what);

/// A folder that goes away with its files.
class scratch_folder {
public:
  scratch_folder();
  ~scratch_folder();

  /// Writes a file.
  /// @returns its path.
  std::string write(const std::string& name, const std::string& content) const;

  std::string path(const std::string& name) const {
    return (path_ / name).string();
  }

private:
  std::filesystem::path path_;
};

/// Two ends of a TCP connection through loopback, non-blocking.
struct tcp_pair {
  unique_fd ours;
  unique_fd theirs;
};

tcp_pair connect_pair();

/// Whether a descriptor has something to read or takes something to write.
bool readable(int fd);
bool writable(int fd);

/// OpenSSL at the other end.
class peer {
public:
  /// A server with a certificate.
  explicit peer(const identity& self, const identity* chain = nullptr);

  /// A client that verifies nothing.
  peer();

  SSL_CTX* context() const {
    return context_.get();
  }

  SSL* ssl() const {
    return ssl_.get();
  }

  void attach(unique_fd fd);
  void detach();

  /// Goes on with the handshake.
  /// @returns whether it is done.
  bool shake();

  /// Everything that has come.
  std::string read();

  /// Whether a close_notify has come.
  bool ended() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

  /// @returns how much was taken.
  std::size_t write(std::string_view bytes);

  int fd() const {
    return fd_.get();
  }

  /// Records of application data received since the handshake.
  std::size_t records = 0;
  /// The reason of the last error of the handshake.
  std::string error;

private:
  static void on_message(int sent, int, int type, const void* bytes,
                         std::size_t size, SSL*, void* self);

  context_ptr context_;
  bool server_;
  unique_fd fd_;
  ssl_ptr ssl_;
};

/// Goes on with something until it says that it is done.
/// @returns whether that was within ten seconds.
bool until(const std::function<bool()>& done);

/// A handshake of a wire of ours with a peer.
struct handshake_outcome {
  switchboard::net::handshaking_wire::progress what;
  std::string problem;
};

handshake_outcome shake_hands(switchboard::net::handshaking_wire& ours,
                              peer& theirs);

} // namespace tls_peer
