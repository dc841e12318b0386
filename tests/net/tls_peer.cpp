#include "tls_peer.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

namespace tls_peer {

namespace {

using bio_ptr = std::unique_ptr<BIO, releaser<BIO_free>>;

void require(bool condition, const char* what) {
  if (!condition)
    throw std::runtime_error{what};
}

std::string content_of(BIO* memory) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

void add_extension(X509* to, X509* issuer, int which,
                   const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  auto extension = X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str());
  require(extension != nullptr, "extension");
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

/// OpenSSL writes to sockets without a thought of signals; our own code must
/// do without this.
class no_sigpipe {
public:
  no_sigpipe() : before_(std::signal(SIGPIPE, SIG_IGN)) {}

  ~no_sigpipe() {
    std::signal(SIGPIPE, before_);
  }

private:
  void (*before_)(int);
};

bool polls(int fd, short what) {
  pollfd ask{fd, what, 0};
  return ::poll(&ask, 1, 0) == 1 && ask.revents != 0;
}

} // namespace

std::string identity::certificate_pem() const {
  bio_ptr memory{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509(memory.get(), certificate.get());
  return content_of(memory.get());
}

std::string identity::key_pem() const {
  bio_ptr memory{BIO_new(BIO_s_mem())};
  PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0,
                           nullptr, nullptr);
  return content_of(memory.get());
}

identity issue(const wish& what) {
  static long serial = 1000;
  identity result{x509_ptr{X509_new()}, key_ptr{EVP_EC_gen("P-256")}};
  auto made = result.certificate.get();
  require(made != nullptr && result.key, "certificate");
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made), what.from * 86400L);
  X509_gmtime_adj(X509_getm_notAfter(made), what.until * 86400L);
  X509_set_pubkey(made, result.key.get());
  auto name = X509_get_subject_name(made);
  X509_NAME_add_entry_by_txt(
      name, "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(what.subject.c_str()), -1, -1, 0);
  auto signer = what.issuer != nullptr ? what.issuer : &result;
  X509_set_issuer_name(made, X509_get_subject_name(signer->certificate.get()));
  add_extension(made, signer->certificate.get(), NID_basic_constraints,
                what.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!what.names.empty())
    add_extension(made, signer->certificate.get(), NID_subject_alt_name,
                  what.names);
  for (auto& [which, value] : what.extensions)
    add_extension(made, signer->certificate.get(), which, value);
  require(X509_sign(made, signer->key.get(), EVP_sha256()) > 0, "sign");
  return result;
}

scratch_folder::scratch_folder() {
  auto pattern =
      (std::filesystem::temp_directory_path() / "switchboard-tls-XXXXXX")
          .string();
  require(::mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  path_ = pattern;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string scratch_folder::write(const std::string& name,
                                  const std::string& content) const {
  std::ofstream{path_ / name, std::ios::binary} << content;
  return path(name);
}

tcp_pair connect_pair() {
  unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto generic = reinterpret_cast<sockaddr*>(&address);
  require(::bind(listener.get(), generic, size) == 0, "bind");
  require(::listen(listener.get(), 1) == 0, "listen");
  ::getsockname(listener.get(), generic, &size);
  tcp_pair result;
  result.ours = unique_fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  require(::connect(result.ours.get(), generic, size) == 0, "connect");
  result.theirs = unique_fd{::accept4(listener.get(), nullptr, nullptr,
                                      SOCK_NONBLOCK | SOCK_CLOEXEC)};
  auto on = 1;
  for (auto fd : {result.ours.get(), result.theirs.get()}) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  return result;
}

bool readable(int fd) {
  return polls(fd, POLLIN);
}

bool writable(int fd) {
  return polls(fd, POLLOUT);
}

peer::peer(const identity& self, const identity* chain)
    : context_(SSL_CTX_new(TLS_server_method())), server_(true) {
  require(SSL_CTX_use_certificate(context(), self.certificate.get()) == 1
              && SSL_CTX_use_PrivateKey(context(), self.key.get()) == 1,
          "peer's certificate");
  if (chain != nullptr)
    SSL_CTX_add1_chain_cert(context(), chain->certificate.get());
}

peer::peer() : context_(SSL_CTX_new(TLS_client_method())), server_(false) {}

void peer::attach(unique_fd fd) {
  detach();
  ssl_.reset(SSL_new(context()));
  SSL_set_mode(ssl(), SSL_MODE_ENABLE_PARTIAL_WRITE
                          | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  fd_ = std::move(fd);
  SSL_set_fd(ssl(), fd_.get());
  if (server_)
    SSL_set_accept_state(ssl());
  else
    SSL_set_connect_state(ssl());
  SSL_set_msg_callback(ssl(), on_message);
  SSL_set_msg_callback_arg(ssl(), this);
}

void peer::detach() {
  // Else OpenSSL takes the session for broken and resumes it no more.
  if (ssl_)
    SSL_set_shutdown(ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ssl_.reset();
  fd_.reset();
}

void peer::on_message(int sent, int, int type, const void* bytes,
                      std::size_t size, SSL* ssl, void* self) {
  if (sent == 0 && type == SSL3_RT_HEADER && size >= 1
      && *static_cast<const unsigned char*>(bytes) == SSL3_RT_APPLICATION_DATA
      && SSL_is_init_finished(ssl))
    ++static_cast<peer*>(self)->records;
}

bool peer::shake() {
  no_sigpipe guard;
  ERR_clear_error();
  auto outcome = SSL_do_handshake(ssl());
  if (outcome == 1)
    return true;
  if (auto code = ERR_peek_last_error(); code != 0)
    error = ERR_reason_error_string(code);
  return false;
}

std::string peer::read() {
  no_sigpipe guard;
  std::string result;
  std::array<char, 20'000> buffer;
  for (;;) {
    ERR_clear_error();
    auto n = SSL_read(ssl(), buffer.data(), buffer.size());
    if (n <= 0)
      return result;
    result.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

std::size_t peer::write(std::string_view bytes) {
  no_sigpipe guard;
  std::size_t done = 0;
  while (done < bytes.size()) {
    ERR_clear_error();
    auto n = SSL_write(ssl(), bytes.data() + done,
                       static_cast<int>(bytes.size() - done));
    if (n <= 0)
      break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

bool until(const std::function<bool()>& done) {
  using clock = std::chrono::steady_clock;
  auto deadline = clock::now() + std::chrono::seconds{10};
  while (!done())
    if (clock::now() > deadline)
      return false;
  return true;
}

handshake_outcome shake_hands(switchboard::net::handshaking_wire& ours,
                              peer& theirs) {
  using progress = switchboard::net::handshaking_wire::progress;
  handshake_outcome result{progress::wants_write, {}};
  auto done = false;
  until([&] {
    auto open = result.what == progress::wants_read
                || result.what == progress::wants_write
                || result.what == progress::wants_verdict;
    if ((result.what == progress::wants_read && readable(ours.fd()))
        || (result.what == progress::wants_write && writable(ours.fd()))
        || (result.what == progress::wants_verdict
            && readable(ours.verdict_fd())))
      result.what = ours.handshake(result.problem);
    done = theirs.shake();
    return result.what == progress::failed || (!open && done);
  });
  return result;
}

} // namespace tls_peer
