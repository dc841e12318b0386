#include <ctime>
#include <memory>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/tls_certificates.hpp"
#include "net/tls_context.hpp"

namespace switchboard::net {

namespace {

using system_time = std::chrono::system_clock::time_point;

struct bio_release {
  void operator()(BIO* what) const noexcept {
    BIO_free(what);
  }
};

using bio_ptr = std::unique_ptr<BIO, bio_release>;

std::string text_of(BIO* memory) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory, &data);
  return size <= 0 ? std::string{}
                   : std::string{data, static_cast<std::size_t>(size)};
}

std::string text_of(const X509_NAME* name) {
  // What is no ASCII stays UTF-8 instead of being escaped byte by byte.
  constexpr auto how = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
  bio_ptr memory{BIO_new(BIO_s_mem())};
  if (!memory || X509_NAME_print_ex(memory.get(), name, 0, how) < 0)
    return {};
  return text_of(memory.get());
}

std::string serial_of(const X509* certificate) {
  std::unique_ptr<BIGNUM, decltype(&BN_free)> number{
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr),
      BN_free};
  if (!number)
    return {};
  auto digits = BN_bn2hex(number.get());
  std::string result = digits == nullptr ? "" : digits;
  OPENSSL_free(digits);
  return result;
}

std::string fingerprint_of(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1)
    return {};
  constexpr char digits[] = "0123456789ABCDEF";
  std::string result;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0)
      result += ':';
    result += digits[digest[i] >> 4];
    result += digits[digest[i] & 15];
  }
  return result;
}

std::string pem_of(X509* certificate) {
  bio_ptr memory{BIO_new(BIO_s_mem())};
  if (!memory || PEM_write_bio_X509(memory.get(), certificate) != 1)
    return {};
  return text_of(memory.get());
}

void take_earlier(std::optional<system_time>& earliest,
                  const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1)
    return;
  auto end = std::chrono::system_clock::from_time_t(::timegm(&parts));
  if (!earliest || end < *earliest)
    earliest = end;
}

} // namespace

peer_certificate describe_certificate(X509* certificate) {
  return {text_of(X509_get_subject_name(certificate)),
          text_of(X509_get_issuer_name(certificate)), serial_of(certificate),
          fingerprint_of(certificate), pem_of(certificate)};
}

std::optional<system_time> tls_context::expires() const {
  auto own = SSL_CTX_get0_certificate(context_);
  if (own == nullptr)
    return std::nullopt;
  std::optional<system_time> result;
  take_earlier(result, own);
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context_, &chain);
  for (auto i = 0; i < sk_X509_num(chain); ++i)
    take_earlier(result, sk_X509_value(chain, i));
  return result;
}

} // namespace switchboard::net
