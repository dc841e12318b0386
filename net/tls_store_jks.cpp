#include "net/tls_store.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>

// Java's own store, version 1 and 2, as `sun.security.provider.JavaKeyStore`
// writes it. All numbers are big-endian.
//   magic FEEDFEED, version, count, then entries:
//     1: alias, date, encrypted key, count, certificates (type, bytes)
//     2: alias, date, certificate
//   then SHA-1 over password, "Mighty Aphrodite" and all of the above.

namespace switchboard::net {

namespace {

constexpr std::size_t digest_size = 20;
using digest = std::array<unsigned char, digest_size>;

/// The algorithm that Sun gave to its keys: 1.3.6.1.4.1.42.2.17.1.1.
constexpr std::string_view sun_key_protector = "1.3.6.1.4.1.42.2.17.1.1";

constexpr std::uint32_t most_entries = 10'000;

/// A password as Java hashes it: two bytes a character.
/// @returns empty where it is no UTF-8.
std::string utf16_of(std::string_view text) {
  std::string result;
  auto append = [&](unsigned unit) {
    result += static_cast<char>(unit >> 8);
    result += static_cast<char>(unit & 0xFF);
  };
  for (std::size_t i = 0; i < text.size();) {
    auto first = static_cast<unsigned char>(text[i++]);
    auto more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    unsigned point = more == 0 ? first : first & (0x3Fu >> more);
    for (; more > 0; --more, ++i) {
      if (i >= text.size())
        return {};
      point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
    }
    if (point >= 0x10000) {
      append(0xD800 + ((point - 0x10000) >> 10));
      append(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      append(point);
    }
  }
  return result;
}

digest sha1(std::initializer_list<std::string_view> parts) {
  digest result{};
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{
      EVP_MD_CTX_new(), EVP_MD_CTX_free};
  EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr);
  for (auto part : parts)
    EVP_DigestUpdate(context.get(), part.data(), part.size());
  EVP_DigestFinal_ex(context.get(), result.data(), nullptr);
  return result;
}

std::string_view view_of(const digest& what) {
  return {reinterpret_cast<const char*>(what.data()), what.size()};
}

bool equal(std::string_view x, std::string_view y) {
  return x.size() == y.size()
         && CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

/// Takes fields off the front; once one is missing, all that follow are.
class field_reader {
public:
  explicit field_reader(std::string_view bytes) : rest_(bytes) {}

  bool good() const noexcept {
    return good_;
  }

  std::string_view bytes(std::size_t count) {
    good_ = good_ && count <= rest_.size();
    if (!good_)
      return {};
    auto result = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return result;
  }

  std::uint32_t number(std::size_t size) {
    std::uint32_t result = 0;
    for (auto c : bytes(size))
      result = result << 8 | static_cast<unsigned char>(c);
    return result;
  }

  std::string_view text() {
    return bytes(number(2));
  }

  std::string_view block() {
    return bytes(number(4));
  }

private:
  std::string_view rest_;
  bool good_ = true;
};

/// Undoes what Sun's `KeyProtector` did: the key lies under a stream of
/// SHA-1 (password, digest before); 20 bytes of salt in front, SHA-1 over
/// password and key behind.
std::string open_key(std::string_view sealed, std::string_view password) {
  if (sealed.size() < 2 * digest_size)
    return {};
  auto size = sealed.size() - 2 * digest_size;
  auto hidden = sealed.substr(digest_size, size);
  auto check = sealed.substr(digest_size + size);
  digest stream;
  std::memcpy(stream.data(), sealed.data(), stream.size());
  std::string key{hidden};
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i % digest_size == 0)
      stream = sha1({password, view_of(stream)});
    key[i] = static_cast<char>(key[i] ^ stream[i % digest_size]);
  }
  if (equal(view_of(sha1({password, key})), check))
    return key;
  OPENSSL_cleanse(key.data(), key.size());
  return {};
}

class reader {
public:
  reader(std::string_view bytes, const store_secrets& secrets, bool keys)
      : fields_(bytes),
        key_password_(utf16_of(secrets.key_password.empty()
                                   ? secrets.password
                                   : secrets.key_password)),
        keys_(keys) {}

  ~reader() {
    OPENSSL_cleanse(key_password_.data(), key_password_.size());
  }

  /// Reads all entries.
  bool read();

  tls_store result;
  std::string problem;

private:
  bool read_entry();
  bool read_key();
  x509_ptr read_certificate();
  key_ptr decode_key(std::string_view sealed);

  bool broken() {
    problem = "is no JKS store that can be read: it is damaged";
    return false;
  }

  field_reader fields_;
  std::string key_password_;
  bool keys_;
  std::uint32_t version_ = 0;
};

bool reader::read() {
  fields_.number(4);
  version_ = fields_.number(4);
  if (version_ != 1 && version_ != 2) {
    problem = "is a JKS store of an unknown version";
    return false;
  }
  auto count = fields_.number(4);
  if (count > most_entries)
    return broken();
  for (std::uint32_t i = 0; i < count; ++i)
    if (!read_entry())
      return false;
  return true;
}

bool reader::read_entry() {
  auto tag = fields_.number(4);
  if (tag == 1)
    return read_key();
  if (tag != 2)
    return broken();
  auto alias = fields_.text();
  fields_.bytes(8);
  auto certificate = read_certificate();
  if (!certificate)
    return broken();
  X509_alias_set1(certificate.get(),
                  reinterpret_cast<const unsigned char*>(alias.data()),
                  static_cast<int>(alias.size()));
  result.certificates.push_back(std::move(certificate));
  return true;
}

bool reader::read_key() {
  tls_store::key_entry entry;
  entry.alias = fields_.text();
  fields_.bytes(8);
  auto sealed = fields_.block();
  auto count = fields_.number(4);
  if (!fields_.good() || count > most_entries)
    return broken();
  for (std::uint32_t i = 0; i < count; ++i) {
    auto certificate = read_certificate();
    if (!certificate)
      return broken();
    X509_up_ref(certificate.get());
    result.certificates.emplace_back(certificate.get());
    if (i == 0)
      entry.certificate = std::move(certificate);
    else
      entry.chain.push_back(std::move(certificate));
  }
  if (!keys_)
    return true;
  entry.key = decode_key(sealed);
  if (!problem.empty())
    return false;
  if (entry.key && entry.certificate
      && X509_check_private_key(entry.certificate.get(), entry.key.get()) != 1)
    entry.certificate.reset();
  ERR_clear_error();
  result.keys.push_back(std::move(entry));
  return true;
}

x509_ptr reader::read_certificate() {
  if (version_ == 2)
    fields_.text();
  auto block = fields_.block();
  if (!fields_.good())
    return nullptr;
  auto at = reinterpret_cast<const unsigned char*>(block.data());
  x509_ptr result{d2i_X509(nullptr, &at, static_cast<long>(block.size()))};
  ERR_clear_error();
  return result;
}

key_ptr reader::decode_key(std::string_view sealed) {
  auto at = reinterpret_cast<const unsigned char*>(sealed.data());
  std::unique_ptr<X509_SIG, decltype(&X509_SIG_free)> envelope{
      d2i_X509_SIG(nullptr, &at, static_cast<long>(sealed.size())),
      X509_SIG_free};
  ERR_clear_error();
  if (!envelope) {
    broken();
    return nullptr;
  }
  const X509_ALGOR* how = nullptr;
  const ASN1_OCTET_STRING* content = nullptr;
  X509_SIG_get0(envelope.get(), &how, &content);
  const ASN1_OBJECT* name = nullptr;
  X509_ALGOR_get0(&name, nullptr, nullptr, how);
  std::array<char, 64> text{};
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), name, 1);
  if (text.data() != sun_key_protector) {
    problem = "holds a private key that is encrypted in an unknown way";
    return nullptr;
  }
  auto key =
      open_key({reinterpret_cast<const char*>(ASN1_STRING_get0_data(content)),
                static_cast<std::size_t>(ASN1_STRING_length(content))},
               key_password_);
  if (key.empty())
    return nullptr;
  auto from = reinterpret_cast<const unsigned char*>(key.data());
  std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)>
      info{d2i_PKCS8_PRIV_KEY_INFO(nullptr, &from,
                                   static_cast<long>(key.size())),
           PKCS8_PRIV_KEY_INFO_free};
  key_ptr result{info ? EVP_PKCS82PKEY(info.get()) : nullptr};
  OPENSSL_cleanse(key.data(), key.size());
  ERR_clear_error();
  if (!result)
    problem = "holds a private key that cannot be read";
  return result;
}

} // namespace

std::optional<tls_store> parse_jks(std::string_view bytes,
                                   const store_secrets& secrets, bool keys,
                                   std::string& problem) {
  if (bytes.size() < 12 + digest_size
      || !bytes.starts_with("\xFE\xED\xFE\xED")) {
    problem = "is no JKS store";
    return std::nullopt;
  }
  auto body = bytes.substr(0, bytes.size() - digest_size);
  // Java reads a store without its password, unchecked; certificates need
  // none.
  if (!secrets.password.empty() || keys) {
    auto password = utf16_of(secrets.password);
    auto expected = sha1({password, "Mighty Aphrodite", body});
    OPENSSL_cleanse(password.data(), password.size());
    if (!equal(view_of(expected), bytes.substr(body.size()))) {
      problem = secrets.password.empty()
                    ? "is locked, and no password is given"
                    : "is not opened by the given password";
      return std::nullopt;
    }
  }
  reader from{body, secrets, keys};
  if (!from.read()) {
    problem = from.problem;
    return std::nullopt;
  }
  return std::move(from.result);
}

} // namespace switchboard::net
