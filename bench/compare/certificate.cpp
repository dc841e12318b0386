#include "bench/compare/certificate.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

struct release {
  void operator()(EVP_PKEY* key) const noexcept {
    ::EVP_PKEY_free(key);
  }
  void operator()(X509* what) const noexcept {
    ::X509_free(what);
  }
  void operator()(X509_EXTENSION* what) const noexcept {
    ::X509_EXTENSION_free(what);
  }
};

constexpr long day = 24 * 3600;

bool write_pem(std::FILE* file) {
  std::unique_ptr<EVP_PKEY, release> key{EVP_RSA_gen(2048)};
  std::unique_ptr<X509, release> made{::X509_new()};
  if (!key || !made)
    return false;
  auto* name = ::X509_get_subject_name(made.get());
  auto text = reinterpret_cast<const unsigned char*>("127.0.0.1");
  std::unique_ptr<X509_EXTENSION, release> address{::X509V3_EXT_conf_nid(
      nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1")};
  return address && ::X509_set_version(made.get(), X509_VERSION_3) == 1
         && ::ASN1_INTEGER_set(::X509_get_serialNumber(made.get()), 1) == 1
         && ::X509_gmtime_adj(::X509_getm_notBefore(made.get()), -day)
         && ::X509_gmtime_adj(::X509_getm_notAfter(made.get()), 30 * day)
         && ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1,
                                         0)
                == 1
         && ::X509_set_issuer_name(made.get(), name) == 1
         && ::X509_add_ext(made.get(), address.get(), -1) == 1
         && ::X509_set_pubkey(made.get(), key.get()) == 1
         && ::X509_sign(made.get(), key.get(), ::EVP_sha256()) > 0
         && ::PEM_write_X509(file, made.get()) == 1
         && ::PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0,
                                   nullptr, nullptr)
                == 1;
}

} // namespace

certificate::certificate() {
  namespace fs = std::filesystem;
  path_ = (fs::temp_directory_path() / "switchboard-bench-XXXXXX").string();
  auto fd = ::mkstemp(path_.data());
  auto* file = fd < 0 ? nullptr : ::fdopen(fd, "w");
  if (!file)
    throw failure{"no temporary file"};
  auto made = write_pem(file);
  if (std::fclose(file) != 0 || !made) {
    ::unlink(path_.c_str());
    throw failure{"no certificate could be made"};
  }
}

certificate::~certificate() {
  ::unlink(path_.c_str());
}

} // namespace switchboard::bench
