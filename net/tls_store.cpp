#include "net/tls_store.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <openssl/asn1.h>
#include <unistd.h>

#include "net/tls_error.hpp"
#include "net/unique_fd.hpp"

namespace switchboard::net {

namespace {

constexpr std::size_t size_limit = 8 * 1024 * 1024;

store_type guess_type(std::string_view bytes) {
  if (bytes.find("-----BEGIN ") != std::string_view::npos)
    return store_type::pem;
  if (bytes.starts_with("\xFE\xED\xFE\xED"))
    return store_type::jks;
  // A sequence of ASN.1.
  if (bytes.starts_with('\x30'))
    return store_type::pkcs12;
  return store_type::automatic;
}

std::string aliases_of(const tls_store& store) {
  std::string result;
  for (auto& entry : store.keys)
    result += (result.empty() ? "`" : ", `") + entry.alias + '`';
  return result;
}

/// Java takes aliases without regard to case.
bool same_alias(std::string_view x, std::string_view y) {
  auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

std::string common_name(const X509* certificate) {
  auto subject = X509_get_subject_name(certificate);
  auto at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0)
    return {};
  unsigned char* text = nullptr;
  auto size = ASN1_STRING_to_UTF8(
      &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  std::string result;
  if (size > 0)
    result.assign(reinterpret_cast<char*>(text),
                  static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return result;
}

std::string time_text(const ASN1_TIME* time) {
  std::unique_ptr<BIO, decltype(&BIO_free)> memory{BIO_new(BIO_s_mem()),
                                                   BIO_free};
  if (!memory || ASN1_TIME_print(memory.get(), time) != 1)
    return "a time that cannot be read";
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

} // namespace

std::optional<std::string> read_file(const std::string& path,
                                     std::string& problem) {
  unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string result;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    auto n = fd ? ::read(fd.get(), buffer.data(), buffer.size()) : -1;
    if (n < 0) {
      problem = std::string{"cannot be read: "} + std::strerror(errno);
      return std::nullopt;
    }
    if (n == 0)
      return result;
    result.append(buffer.data(), static_cast<std::size_t>(n));
    if (result.size() > size_limit) {
      problem = "is larger than 8 MiB";
      return std::nullopt;
    }
  }
}

std::optional<tls_store> read_store(const std::string& path, store_type type,
                                    const store_secrets& secrets, bool keys,
                                    std::string& problem) {
  auto bytes = read_file(path, problem);
  if (!bytes)
    return std::nullopt;
  std::optional<tls_store> result;
  if (bytes->starts_with("\xCE\xCE\xCE\xCE")) {
    problem = "is a JCEKS store, which is not supported; convert it to PKCS12";
  } else {
    switch (type == store_type::automatic ? guess_type(*bytes) : type) {
      case store_type::pem:
        result = parse_pem(*bytes, secrets, keys, problem);
        break;
      case store_type::pkcs12:
        result = parse_pkcs12(*bytes, secrets, keys, problem);
        break;
      case store_type::jks:
        result = parse_jks(*bytes, secrets, keys, problem);
        break;
      case store_type::automatic:
        problem = "is neither PEM, PKCS12 nor JKS";
        break;
    }
  }
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return result;
}

X509* find_certificate(const tls_store& store, const std::string& alias) {
  X509* result = nullptr;
  for (auto& certificate : store.certificates) {
    int size = 0;
    auto own = X509_alias_get0(certificate.get(), &size);
    if (own != nullptr && size > 0) {
      if (same_alias(
              {reinterpret_cast<char*>(own), static_cast<std::size_t>(size)},
              alias))
        return certificate.get();
      continue;
    }
    if (result == nullptr && same_alias(common_name(certificate.get()), alias))
      result = certificate.get();
  }
  return result;
}

std::optional<std::size_t> choose_key(const tls_store& store,
                                      const std::string& alias,
                                      std::string& problem) {
  if (store.keys.empty()) {
    problem = "holds no private key";
    return std::nullopt;
  }
  auto found = store.keys.begin();
  // PEM has no aliases: its one key answers to any.
  if (!alias.empty() && !(store.keys.size() == 1 && found->alias.empty()))
    found =
        std::find_if(store.keys.begin(), store.keys.end(), [&](auto& entry) {
          return same_alias(entry.alias, alias);
        });
  if (found == store.keys.end()) {
    problem = "holds no key called `" + alias + "`, but " + aliases_of(store);
    return std::nullopt;
  }
  if (!found->key) {
    problem = "holds a private key that the given password does not open";
    return std::nullopt;
  }
  auto certificate = found->certificate.get();
  if (certificate == nullptr) {
    problem = "holds no certificate of its private key";
    return std::nullopt;
  }
  auto from = X509_get0_notBefore(certificate);
  auto until = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(until) < 0) {
    problem = "holds a certificate that expired on " + time_text(until);
    return std::nullopt;
  }
  if (X509_cmp_current_time(from) > 0) {
    problem = "holds a certificate that is not valid before " + time_text(from);
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - store.keys.begin());
}

} // namespace switchboard::net
