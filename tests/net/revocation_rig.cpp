#include "revocation_rig.hpp"

#include <array>
#include <cstdlib>
#include <ctime>

#include <netinet/in.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>

namespace revocation_rig {

namespace {

template <class T>
std::string der_of(T* what, int (*encode)(const T*, unsigned char**)) {
  unsigned char* bytes = nullptr;
  auto size = encode(what, &bytes);
  std::string result{reinterpret_cast<char*>(bytes),
                     static_cast<std::size_t>(size)};
  OPENSSL_free(bytes);
  return result;
}

/// Length of a request's body.
std::size_t body_size(const std::string& head) {
  auto at = head.find("Content-Length: ");
  return at == head.npos ? 0
                         : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

} // namespace

std::string make_answer(const identity& about, const identity& issuer,
                        const answer_wish& what) {
  auto answer = OCSP_BASICRESP_new();
  auto id = OCSP_cert_to_id(nullptr, about.certificate.get(),
                            issuer.certificate.get());
  auto now = std::time(nullptr);
  auto from = ASN1_TIME_adj(nullptr, now, 0, what.from);
  auto until =
      what.until ? ASN1_TIME_adj(nullptr, now, 0, *what.until) : nullptr;
  auto since = ASN1_TIME_adj(nullptr, now, -1, 0);
  auto status = what.what == fate::good      ? V_OCSP_CERTSTATUS_GOOD
                : what.what == fate::revoked ? V_OCSP_CERTSTATUS_REVOKED
                                             : V_OCSP_CERTSTATUS_UNKNOWN;
  OCSP_basic_add1_status(answer, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                         since, from, until);
  if (!what.question.empty()) {
    auto at = reinterpret_cast<const unsigned char*>(what.question.data());
    auto question =
        d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(what.question.size()));
    OCSP_copy_nonce(answer, question);
    OCSP_REQUEST_free(question);
  }
  auto signer = what.signer == nullptr ? &issuer : what.signer;
  if (what.shown != nullptr)
    OCSP_basic_add1_cert(answer, what.shown->certificate.get());
  OCSP_basic_sign(answer, signer->certificate.get(), signer->key.get(),
                  EVP_sha256(), nullptr, OCSP_NOCERTS);
  auto outer = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
  auto result = der_of(outer, i2d_OCSP_RESPONSE);
  OCSP_RESPONSE_free(outer);
  OCSP_BASICRESP_free(answer);
  OCSP_CERTID_free(id);
  for (auto time : {from, until, since})
    ASN1_TIME_free(time);
  return result;
}

std::string make_error(int status) {
  auto outer = OCSP_response_create(status, nullptr);
  auto result = der_of(outer, i2d_OCSP_RESPONSE);
  OCSP_RESPONSE_free(outer);
  return result;
}

std::string make_crl(const identity& issuer, const crl_wish& what) {
  auto crl = X509_CRL_new();
  auto now = std::time(nullptr);
  auto from = ASN1_TIME_adj(nullptr, now, 0, what.from);
  auto until = ASN1_TIME_adj(nullptr, now, 0, what.until);
  X509_CRL_set_version(crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl,
                           X509_get_subject_name(issuer.certificate.get()));
  X509_CRL_set1_lastUpdate(crl, from);
  X509_CRL_set1_nextUpdate(crl, until);
  for (auto one : what.revoked) {
    auto entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(
        entry, X509_get_serialNumber(one->certificate.get()));
    X509_REVOKED_set_revocationDate(entry, from);
    X509_CRL_add0_revoked(crl, entry);
  }
  X509_CRL_sort(crl);
  auto signer = what.signer == nullptr ? &issuer : what.signer;
  X509_CRL_sign(crl, signer->key.get(), EVP_sha256());
  auto result = der_of(crl, i2d_X509_CRL);
  X509_CRL_free(crl);
  ASN1_TIME_free(from);
  ASN1_TIME_free(until);
  return result;
}

std::string to_pem(const std::string& crl) {
  auto at = reinterpret_cast<const unsigned char*>(crl.data());
  auto parsed = d2i_X509_CRL(nullptr, &at, static_cast<long>(crl.size()));
  auto memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_CRL(memory, parsed);
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory, &data);
  std::string result{data, static_cast<std::size_t>(size)};
  BIO_free(memory);
  X509_CRL_free(parsed);
  return result;
}

web_server::web_server()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto generic = reinterpret_cast<sockaddr*>(&address);
  ::bind(listener_.get(), generic, size);
  ::listen(listener_.get(), 64);
  ::getsockname(listener_.get(), generic, &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] {
    run();
  }};
}

web_server::~web_server() {
  stop();
}

void web_server::stop() {
  if (!thread_.joinable())
    return;
  stopped_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

void web_server::serve(const std::string& path, page what) {
  std::lock_guard guard{mutex_};
  pages_[path] = std::move(what);
}

int web_server::asked(const std::string& path) const {
  std::lock_guard guard{mutex_};
  auto i = asked_.find(path);
  return i == asked_.end() ? 0 : i->second;
}

void web_server::run() {
  while (!stopped_) {
    unique_fd fd{::accept(listener_.get(), nullptr, nullptr)};
    if (fd)
      answer(std::move(fd));
  }
}

void web_server::answer(unique_fd fd) {
  std::string request;
  std::array<char, 4096> buffer;
  auto end = request.npos;
  while (end == request.npos
         || request.size() < end + 4 + body_size(request.substr(0, end))) {
    auto n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (n <= 0)
      return;
    request.append(buffer.data(), static_cast<std::size_t>(n));
    end = request.find("\r\n\r\n");
  }
  auto from = request.find(' ') + 1;
  auto path = request.substr(from, request.find(' ', from) - from);
  page what;
  {
    std::lock_guard guard{mutex_};
    ++asked_[path];
    if (auto i = pages_.find(path); i != pages_.end())
      what = i->second;
  }
  auto body = what ? what(request.substr(end + 4)) : std::string{};
  if (!body) {
    std::lock_guard guard{mutex_};
    silent_.push_back(std::move(fd));
    return;
  }
  auto text = std::string{what ? "HTTP/1.1 200 OK" : "HTTP/1.1 404 Not Found"}
              + "\r\nContent-Length: " + std::to_string(body->size())
              + "\r\n\r\n" + *body;
  ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

} // namespace revocation_rig
