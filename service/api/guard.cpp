#include "service/api/guard.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "service/api/problem.hpp"
#include "service/text.hpp"

namespace switchboard::service::api {

namespace {

constexpr std::string_view realm = "Bearer realm=\"switchboard\"";

answer unauthenticated(std::string_view detail, std::string_view challenge) {
  auto result = problem(errc::unauthenticated, detail);
  result.headers.emplace_back("WWW-Authenticate", challenge);
  return result;
}

} // namespace

guard::guard(const admin_options& options, const tls_options* tls)
    : host_(to_lower(options.host)),
      scheme_(tls != nullptr ? "https://" : "http://"),
      by_certificate_(tls != nullptr && vouches_for_clients(*tls)) {
  for (auto& token : options.tokens)
    tokens_.push_back(digest_of(token));
}

void guard::change(const std::vector<std::string>& tokens,
                   bool by_certificate) {
  tokens_.clear();
  for (auto& token : tokens)
    tokens_.push_back(digest_of(token));
  by_certificate_ |= by_certificate;
}

std::optional<answer> guard::refuse(const sender& who) const {
  // The name that a page has used stands in our certificate.
  if (by_certificate_ && who.certified)
    return refuse_origin(who);
  if (!tokens_.empty())
    return refuse_by_token(who);
  if (by_certificate_)
    return unauthenticated("the client has shown no certificate", realm);
  if (auto refusal = refuse_name(who))
    return refusal;
  return refuse_origin(who);
}

guard::digest guard::digest_of(std::string_view text) {
  digest result{};
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           result.data());
  return result;
}

std::optional<answer> guard::refuse_by_token(const sender& who) const {
  if (!who.authorization)
    return unauthenticated("the request has no Authorization header", realm);
  constexpr std::string_view scheme = "bearer ";
  auto text = *who.authorization;
  if (to_lower(text.substr(0, scheme.size())) != scheme)
    return unauthenticated("Authorization must be `Bearer TOKEN`", realm);
  text.remove_prefix(scheme.size());
  while (text.starts_with(' '))
    text.remove_prefix(1);
  auto given = digest_of(text);
  auto known = false;
  // Every token is compared in full, so that time tells nothing.
  for (auto& token : tokens_)
    known |= ::CRYPTO_memcmp(token.data(), given.data(), given.size()) == 0;
  if (known)
    return std::nullopt;
  return unauthenticated("the token is not one of the accepted",
                         "Bearer realm=\"switchboard\", "
                         "error=\"invalid_token\"");
}

std::optional<answer> guard::refuse_name(const sender& who) const {
  if (who.host && !is_local_name(host_of(*who.host)))
    return problem(403, "without tokens the API answers only to localhost and "
                        "to addresses, not to the name in the Host header");
  return std::nullopt;
}

std::optional<answer> guard::refuse_origin(const sender& who) const {
  if (!who.origin)
    return std::nullopt;
  if (who.host && to_lower(*who.origin) == scheme_ + to_lower(*who.host))
    return std::nullopt;
  return problem(403, "without tokens the API refuses requests from pages of "
                      "another origin");
}

bool guard::is_local_name(std::string_view host) const {
  if (host == "localhost" || host.ends_with(".localhost") || host == host_)
    return true;
  boost::system::error_code failure;
  boost::asio::ip::make_address(std::string{host}, failure);
  return !failure;
}

std::string host_of(std::string_view header) {
  if (header.starts_with('[')) {
    auto end = header.find(']');
    return to_lower(header.substr(
        1, end == std::string_view::npos ? std::string_view::npos : end - 1));
  }
  return to_lower(header.substr(0, header.find(':')));
}

} // namespace switchboard::service::api
