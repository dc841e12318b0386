#include "net/tls_rules.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace switchboard::net {

namespace {

struct protocol {
  std::string_view name;
  int version;
  std::uint64_t off;
};

constexpr std::array<protocol, 4> protocols = {{
    {"TLSv1", TLS1_VERSION, SSL_OP_NO_TLSv1},
    {"TLSv1.1", TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
    {"TLSv1.2", TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
    {"TLSv1.3", TLS1_3_VERSION, SSL_OP_NO_TLSv1_3},
}};

using versions = std::array<bool, protocols.size()>;

bool read_versions(const std::vector<std::string>& names, versions& out,
                   std::string& problem) {
  out = {false, false, names.empty(), names.empty()};
  for (auto& name : names) {
    auto known =
        std::find_if(protocols.begin(), protocols.end(),
                     [&](const protocol& p) { return p.name == name; });
    if (known == protocols.end()) {
      problem = "`" + name + "` is no protocol that is known";
      return false;
    }
    out[static_cast<std::size_t>(known - protocols.begin())] = true;
  }
  return true;
}

/// Every cipher suite that OpenSSL can do at all.
class suites {
public:
  suites() : context_(SSL_CTX_new(TLS_method()), SSL_CTX_free) {
    if (!context_)
      return;
    SSL_CTX_set_min_proto_version(context_.get(), 0);
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_cipher_list(context_.get(), "ALL:COMPLEMENTOFALL");
    SSL_CTX_set_ciphersuites(
        context_.get(), "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
                        "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:"
                        "TLS_AES_128_CCM_8_SHA256");
  }

  /// @param name of IANA or of OpenSSL.
  const SSL_CIPHER* find(const std::string& name) const {
    auto all = context_ ? SSL_CTX_get_ciphers(context_.get()) : nullptr;
    for (auto i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
      auto suite = sk_SSL_CIPHER_value(all, i);
      auto standard = SSL_CIPHER_standard_name(suite);
      if (name == SSL_CIPHER_get_name(suite)
          || (standard != nullptr && name == standard))
        return suite;
    }
    return nullptr;
  }

private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

void append(std::string& list, const char* name) {
  if (!list.empty())
    list += ':';
  list += name;
}

/// Allows only some suites; protocols that lose all of theirs are off.
bool apply_suites(SSL_CTX* context, const std::vector<std::string>& names,
                  versions& enabled, std::string& problem) {
  suites known;
  std::string modern;
  std::string older;
  for (auto& name : names) {
    auto suite = known.find(name);
    if (suite == nullptr) {
      problem = "`" + name + "` is no cipher suite that is known";
      return false;
    }
    auto since = std::string_view{SSL_CIPHER_get_version(suite)};
    append(since == "TLSv1.3" ? modern : older, SSL_CIPHER_get_name(suite));
  }
  if (modern.empty())
    enabled[3] = false;
  if (older.empty())
    enabled[0] = enabled[1] = enabled[2] = false;
  SSL_CTX_set_ciphersuites(context, modern.c_str());
  if (!older.empty() && SSL_CTX_set_cipher_list(context, older.c_str()) != 1)
    enabled[0] = enabled[1] = enabled[2] = false;
  ERR_clear_error();
  return true;
}

} // namespace

bool apply_tls_rules(SSL_CTX* context, const tls_options& options,
                     std::string& problem) {
  versions enabled;
  if (!read_versions(options.enabled_protocols, enabled, problem))
    return false;
  // OpenSSL keeps the older ones from being spoken at any higher level: their
  // signatures are made with SHA-1. Who names them wants them.
  if (enabled[0] || enabled[1])
    SSL_CTX_set_security_level(context, 0);
  if (!options.enabled_cipher_suites.empty()
      && !apply_suites(context, options.enabled_cipher_suites, enabled,
                       problem))
    return false;
  // The machine's own configuration may have narrowed the range.
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
  for (std::size_t i = 0; i < protocols.size(); ++i)
    if (!enabled[i])
      SSL_CTX_set_options(context, protocols[i].off);
  if (std::find(enabled.begin(), enabled.end(), true) != enabled.end())
    return true;
  problem = "none of the enabled cipher suites belongs to an enabled protocol";
  return false;
}

} // namespace switchboard::net
