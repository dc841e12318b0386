#include "net/crl_check.hpp"

#include <algorithm>
#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "net/certificate_facts.hpp"
#include "net/openssl_ptr.hpp"

namespace switchboard::net {

namespace {

/// The longest that a verdict is used again.
constexpr std::time_t longest_use = 24 * 3600;

using store_ptr = openssl_ptr<X509_STORE, X509_STORE_free>;
using work_ptr = openssl_ptr<X509_STORE_CTX, X509_STORE_CTX_free>;

std::vector<crl_ptr> parse_pem_crls(std::string_view text) {
  std::vector<crl_ptr> result;
  openssl_ptr<BIO, BIO_free> from{
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  while (from) {
    ERR_clear_error();
    crl_ptr found{PEM_read_bio_X509_CRL(from.get(), nullptr, nullptr, nullptr)};
    if (!found)
      break;
    result.push_back(std::move(found));
  }
  // Nothing more is the right end; anything else is damage.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    result.clear();
  ERR_clear_error();
  return result;
}

/// The newest CRL that bears the name of a certificate's issuer; may be null.
X509_CRL* newest_of(X509* certificate, std::span<const crl_ptr> crls) {
  X509_CRL* result = nullptr;
  for (auto& crl : crls)
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl.get()),
                      X509_get_issuer_name(certificate))
            == 0
        && (result == nullptr
            || seconds_of(X509_CRL_get0_lastUpdate(result))
                   < seconds_of(X509_CRL_get0_lastUpdate(crl.get()))))
      result = crl.get();
  return result;
}

std::string why(int error, const X509_CRL* newest) {
  if (newest == nullptr)
    return "no CRL of its issuer is there";
  switch (error) {
    case X509_V_ERR_CRL_HAS_EXPIRED:
      return "the CRL is out of date: it is of "
             + text_of(X509_CRL_get0_lastUpdate(newest)) + ", until "
             + text_of(X509_CRL_get0_nextUpdate(newest));
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
      return "the CRL is not signed by the issuer";
    default:
      return std::string{"the CRL is of no use: "}
             + X509_verify_cert_error_string(error);
  }
}

certificate_status revoked_by(X509_CRL* crl, X509* certificate) {
  certificate_status result{revocation_state::revoked, "as a CRL tells", 0};
  X509_REVOKED* entry = nullptr;
  if (crl != nullptr && X509_CRL_get0_by_cert(crl, &entry, certificate) == 1)
    result.detail = "since " + text_of(X509_REVOKED_get0_revocationDate(entry));
  return result;
}

} // namespace

std::vector<crl_ptr> parse_crls(std::string_view bytes) {
  if (bytes.find("-----BEGIN ") != std::string_view::npos)
    return parse_pem_crls(bytes);
  std::vector<crl_ptr> result;
  auto at = reinterpret_cast<const unsigned char*>(bytes.data());
  if (crl_ptr found{
          d2i_X509_CRL(nullptr, &at, static_cast<long>(bytes.size()))})
    result.push_back(std::move(found));
  ERR_clear_error();
  return result;
}

std::vector<crl_ptr> read_crl_file(const std::string& path,
                                   std::string& problem) {
  auto bytes = read_file(path, problem);
  if (!bytes)
    return {};
  auto result = parse_crls(*bytes);
  if (result.empty())
    problem = "holds no CRL, or one that cannot be read";
  return result;
}

certificate_status judge_by_crls(X509* certificate, X509* issuer,
                                 std::span<const crl_ptr> crls) {
  certificate_status result;
  store_ptr trusted{X509_STORE_new()};
  work_ptr work{X509_STORE_CTX_new()};
  std::unique_ptr<STACK_OF(X509_CRL), void (*)(STACK_OF(X509_CRL)*)> list{
      sk_X509_CRL_new_null(), [](STACK_OF(X509_CRL) * what) {
        sk_X509_CRL_free(what);
      }};
  auto ready = trusted && work && list
               && X509_STORE_add_cert(trusted.get(), issuer) == 1;
  for (auto& crl : crls)
    ready = ready && sk_X509_CRL_push(list.get(), crl.get()) > 0;
  if (!ready
      || X509_STORE_CTX_init(work.get(), trusted.get(), certificate, nullptr)
             != 1) {
    ERR_clear_error();
    result.detail = "memory has run out";
    return result;
  }
  X509_STORE_CTX_set0_crls(work.get(), list.get());
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(work.get()),
                              X509_V_FLAG_CRL_CHECK
                                  | X509_V_FLAG_PARTIAL_CHAIN);
  auto passes = X509_verify_cert(work.get()) == 1;
  ERR_clear_error();
  auto error = X509_STORE_CTX_get_error(work.get());
  auto newest = newest_of(certificate, crls);
  if (!passes && error != X509_V_ERR_CERT_REVOKED) {
    result.detail = why(error, newest);
    return result;
  }
  if (passes)
    result.what = revocation_state::good;
  else
    result = revoked_by(newest, certificate);
  result.until = std::time(nullptr) + longest_use;
  if (newest != nullptr)
    if (auto end = seconds_of(X509_CRL_get0_nextUpdate(newest)); end != 0)
      result.until = std::min(result.until, end);
  return result;
}

} // namespace switchboard::net
