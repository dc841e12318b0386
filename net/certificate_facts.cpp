#include "net/certificate_facts.hpp"

#include <string_view>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/http_fetch.hpp"
#include "net/openssl_ptr.hpp"

namespace switchboard::net {

namespace {

constexpr std::size_t most_urls = 3;
constexpr std::size_t longest_subject = 200;

using memory = openssl_ptr<BIO, BIO_free>;

std::string content_of(const memory& from) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(from.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void keep_url(const GENERAL_NAME* name, std::vector<std::string>& out) {
  if (name->type != GEN_URI || out.size() == most_urls)
    return;
  auto text = name->d.uniformResourceIdentifier;
  std::string_view url{
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
      static_cast<std::size_t>(ASN1_STRING_length(text))};
  if (is_fetchable(url))
    out.emplace_back(url);
}

} // namespace

std::string subject_of(const X509* certificate) {
  memory to{BIO_new(BIO_s_mem())};
  auto name = X509_get_subject_name(certificate);
  if (!to || X509_NAME_print_ex(to.get(), name, 0, XN_FLAG_RFC2253) < 0)
    return {};
  return content_of(to).substr(0, longest_subject);
}

std::vector<std::string> ocsp_urls_of(const X509* certificate) {
  std::vector<std::string> result;
  openssl_ptr<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> all{
      static_cast<AUTHORITY_INFO_ACCESS*>(
          X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr))};
  for (int i = 0; all && i < sk_ACCESS_DESCRIPTION_num(all.get()); ++i) {
    auto one = sk_ACCESS_DESCRIPTION_value(all.get(), i);
    if (OBJ_obj2nid(one->method) == NID_ad_OCSP)
      keep_url(one->location, result);
  }
  ERR_clear_error();
  return result;
}

std::vector<std::string> crl_urls_of(const X509* certificate) {
  std::vector<std::string> result;
  openssl_ptr<CRL_DIST_POINTS, CRL_DIST_POINTS_free> points{
      static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(
          certificate, NID_crl_distribution_points, nullptr, nullptr))};
  for (int i = 0; points && i < sk_DIST_POINT_num(points.get()); ++i) {
    auto point = sk_DIST_POINT_value(points.get(), i);
    if (point->distpoint == nullptr || point->distpoint->type != 0
        || point->CRLissuer != nullptr || point->reasons != nullptr)
      continue;
    auto names = point->distpoint->name.fullname;
    for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j)
      keep_url(sk_GENERAL_NAME_value(names, j), result);
  }
  ERR_clear_error();
  return result;
}

std::time_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1)
    return 0;
  return ::timegm(&parts);
}

std::string text_of(const ASN1_TIME* time) {
  memory to{BIO_new(BIO_s_mem())};
  if (!to || time == nullptr || ASN1_TIME_print(to.get(), time) != 1)
    return "a time that cannot be read";
  return content_of(to);
}

} // namespace switchboard::net
