#include "net/tls_store.hpp"

#include <cstring>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/tls_error.hpp"

namespace switchboard::net {

namespace {

using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;

bio_ptr reader_of(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
          BIO_free};
}

struct password_request {
  std::string_view password;
  bool asked = false;
};

int give_password(char* into, int size, int, void* data) {
  auto& request = *static_cast<password_request*>(data);
  request.asked = true;
  if (request.password.empty()
      || request.password.size() > static_cast<std::size_t>(size))
    return -1;
  std::memcpy(into, request.password.data(), request.password.size());
  return static_cast<int>(request.password.size());
}

bool is_end_of_file(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_PEM
         && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

bool read_certificates(std::string_view text, tls_store& out,
                       std::string& problem) {
  auto from = reader_of(text);
  for (;;) {
    ERR_clear_error();
    // Of both kinds: plain ones and OpenSSL's "trusted" ones.
    x509_ptr found{
        PEM_read_bio_X509_AUX(from.get(), nullptr, nullptr, nullptr)};
    if (!found)
      break;
    out.certificates.push_back(std::move(found));
  }
  if (is_end_of_file(ERR_peek_last_error())) {
    ERR_clear_error();
    return true;
  }
  problem = "holds a certificate that cannot be read: " + last_tls_error();
  return false;
}

bool has_key(std::string_view text) {
  return text.find(" PRIVATE KEY-----") != std::string_view::npos
         || text.find("-----BEGIN PRIVATE KEY-----") != std::string_view::npos;
}

} // namespace

std::optional<tls_store> parse_pem(std::string_view text,
                                   const store_secrets& secrets, bool keys,
                                   std::string& problem) {
  tls_store result;
  if (!read_certificates(text, result, problem))
    return std::nullopt;
  if (!keys || !has_key(text))
    return result;
  password_request request{secrets.key_password.empty() ? secrets.password
                                                        : secrets.key_password};
  auto from = reader_of(text);
  ERR_clear_error();
  tls_store::key_entry entry;
  entry.key.reset(
      PEM_read_bio_PrivateKey(from.get(), nullptr, give_password, &request));
  if (!entry.key) {
    auto cause = last_tls_error();
    if (!request.asked)
      problem = "holds a private key that cannot be read: " + cause;
    else if (request.password.empty())
      problem = "holds a private key that is encrypted, and no password is "
                "given";
    else
      problem = "holds a private key that the given password does not open";
    return std::nullopt;
  }
  for (auto& certificate : result.certificates) {
    X509_up_ref(certificate.get());
    x509_ptr copy{certificate.get()};
    if (!entry.certificate
        && X509_check_private_key(copy.get(), entry.key.get()) == 1)
      entry.certificate = std::move(copy);
    else
      entry.chain.push_back(std::move(copy));
  }
  ERR_clear_error();
  result.keys.push_back(std::move(entry));
  return result;
}

} // namespace switchboard::net
