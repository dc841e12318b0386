#include "net/tls_store.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>

#include "net/tls_error.hpp"

namespace switchboard::net {

namespace {

/// Bags hold bags, as deep as whoever wrote the file likes.
constexpr int deepest_bag = 8;

/// What makes guessing a password costly makes opening costly, too: more
/// rounds than this, in all of a store, would hold a start up for long.
constexpr std::int64_t most_rounds = 3'000'000;

template <auto Free>
struct release {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

void free_safes(STACK_OF(PKCS7) * safes) {
  sk_PKCS7_pop_free(safes, PKCS7_free);
}

using pkcs12_ptr = std::unique_ptr<PKCS12, release<PKCS12_free>>;
using key_info_ptr =
    std::unique_ptr<PKCS8_PRIV_KEY_INFO, release<PKCS8_PRIV_KEY_INFO_free>>;

template <class Parameters, auto Free>
std::unique_ptr<Parameters, release<Free>>
parameters_of(const X509_ALGOR* how, const ASN1_ITEM* type) {
  return std::unique_ptr<Parameters, release<Free>>{static_cast<Parameters*>(
      ASN1_TYPE_unpack_sequence(type, how->parameter))};
}

std::int64_t number_of(const ASN1_INTEGER* number) {
  std::int64_t result = 0;
  return number != nullptr && ASN1_INTEGER_get_int64(&result, number) == 1
             ? result
             : 0;
}

/// How often a password is hashed for what was encrypted so; 0 where that
/// cannot be told.
std::int64_t rounds_of(const X509_ALGOR* how) {
  switch (how == nullptr ? NID_undef : OBJ_obj2nid(how->algorithm)) {
    case NID_undef:
      return 0;
    case NID_pbes2: {
      auto found = parameters_of<PBE2PARAM, PBE2PARAM_free>(
          how, ASN1_ITEM_rptr(PBE2PARAM));
      return found && OBJ_obj2nid(found->keyfunc->algorithm) != NID_pbes2
                 ? rounds_of(found->keyfunc)
                 : 0;
    }
    case NID_id_pbkdf2: {
      auto found = parameters_of<PBKDF2PARAM, PBKDF2PARAM_free>(
          how, ASN1_ITEM_rptr(PBKDF2PARAM));
      return found ? number_of(found->iter) : 0;
    }
    default: {
      auto found =
          parameters_of<PBEPARAM, PBEPARAM_free>(how, ASN1_ITEM_rptr(PBEPARAM));
      return found ? number_of(found->iter) : 0;
    }
  }
}

std::string alias_of(PKCS12_SAFEBAG* bag) {
  auto name = PKCS12_get_friendlyname(bag);
  std::string result = name == nullptr ? "" : name;
  OPENSSL_free(name);
  return result;
}

/// OpenSSL's library with its legacy provider: RC2 and single DES, which older
/// tools lock stores with. Nothing else is to find them, so they have a library
/// of their own. Null where the provider is not installed.
OSSL_LIB_CTX* old_library() {
  static OSSL_LIB_CTX* const result = [] {
    auto made = OSSL_LIB_CTX_new();
    if (made != nullptr && OSSL_PROVIDER_load(made, "default") != nullptr
        && OSSL_PROVIDER_load(made, "legacy") != nullptr)
      return made;
    OSSL_LIB_CTX_free(made);
    return static_cast<OSSL_LIB_CTX*>(nullptr);
  }();
  return result;
}

/// Decrypts with the usual library and, where that fails, with the old one.
/// @returns what `decrypt` does; null where both fail, with the error of the
///          first.
template <class F>
auto with_old_ciphers(F decrypt) {
  auto result = decrypt(nullptr);
  if (result != nullptr)
    return result;
  ERR_set_mark();
  if (auto library = old_library())
    result = decrypt(library);
  ERR_pop_to_mark();
  return result;
}

class reader {
public:
  reader(const store_secrets& secrets, bool keys)
      : password_(secrets.password),
        key_password_(secrets.key_password.empty() ? secrets.password
                                                   : secrets.key_password),
        keys_(keys) {}

  ~reader() {
    OPENSSL_cleanse(password_.data(), password_.size());
    OPENSSL_cleanse(key_password_.data(), key_password_.size());
  }

  bool read(PKCS12* store);

  tls_store result;
  std::string problem;

private:
  bool check_mac(PKCS12* store);
  bool read_safe(PKCS7* safe);
  STACK_OF(PKCS12_SAFEBAG) * unpack(const PKCS7_ENC_CONTENT& sealed);
  bool read_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth);
  bool read_bag(PKCS12_SAFEBAG* bag, int depth);
  bool keep_key(PKCS12_SAFEBAG* bag, const PKCS8_PRIV_KEY_INFO* info);
  bool spend(std::int64_t rounds);

  std::string password_;
  std::string key_password_;
  bool keys_;
  std::int64_t rounds_left_ = most_rounds;
  /// Whether the store is locked with no password rather than an empty one.
  bool no_password_ = false;
};

bool reader::read(PKCS12* store) {
  if (!check_mac(store))
    return false;
  std::unique_ptr<STACK_OF(PKCS7), release<free_safes>> safes{
      PKCS12_unpack_authsafes(store)};
  for (int i = 0; safes && i < sk_PKCS7_num(safes.get()); ++i)
    if (!read_safe(sk_PKCS7_value(safes.get(), i)))
      return false;
  if (!safes)
    problem = "is no PKCS12 store: " + last_tls_error();
  return safes != nullptr;
}

bool reader::check_mac(PKCS12* store) {
  // Without one the passwords of its parts have to do.
  if (PKCS12_mac_present(store) == 0)
    return true;
  const ASN1_INTEGER* rounds = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &rounds, store);
  if (!spend(number_of(rounds)))
    return false;
  ERR_clear_error();
  if (PKCS12_verify_mac(store, password_.data(),
                        static_cast<int>(password_.size()))
      == 1)
    return true;
  if (password_.empty() && PKCS12_verify_mac(store, nullptr, 0) == 1) {
    no_password_ = true;
    return true;
  }
  ERR_clear_error();
  problem = password_.empty() ? "is locked, and no password is given"
                              : "is not opened by the given password";
  return false;
}

bool reader::spend(std::int64_t rounds) {
  if (rounds < 0 || rounds > rounds_left_) {
    problem = "hashes its password more often than 3,000,000 times";
    return false;
  }
  rounds_left_ -= rounds;
  return true;
}

bool reader::read_safe(PKCS7* safe) {
  if (PKCS7_type_is_encrypted(safe)
      && !spend(rounds_of(safe->d.encrypted->enc_data->algorithm)))
    return false;
  ERR_clear_error();
  std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), release<free_bags>> bags;
  if (PKCS7_type_is_data(safe))
    bags.reset(PKCS12_unpack_p7data(safe));
  else if (PKCS7_type_is_encrypted(safe))
    bags.reset(unpack(*safe->d.encrypted->enc_data));
  else
    return true;
  if (!bags) {
    problem = "cannot be decrypted: " + last_tls_error();
    return false;
  }
  return read_bags(bags.get(), 0);
}

STACK_OF(PKCS12_SAFEBAG) * reader::unpack(const PKCS7_ENC_CONTENT& sealed) {
  return with_old_ciphers([&](OSSL_LIB_CTX* library) {
    return static_cast<STACK_OF(PKCS12_SAFEBAG)*>(PKCS12_item_decrypt_d2i_ex(
        sealed.algorithm, ASN1_ITEM_rptr(PKCS12_SAFEBAGS),
        no_password_ ? nullptr : password_.data(),
        static_cast<int>(password_.size()), sealed.enc_data, 1, library,
        nullptr));
  });
}

bool reader::read_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i)
    if (!read_bag(sk_PKCS12_SAFEBAG_value(bags, i), depth))
      return false;
  return true;
}

bool reader::read_bag(PKCS12_SAFEBAG* bag, int depth) {
  switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_keyBag:
      return !keys_ || keep_key(bag, PKCS12_SAFEBAG_get0_p8inf(bag));
    case NID_pkcs8ShroudedKeyBag: {
      if (!keys_)
        return true;
      const X509_ALGOR* how = nullptr;
      X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &how, nullptr);
      if (!spend(rounds_of(how)))
        return false;
      key_info_ptr info{with_old_ciphers([&](OSSL_LIB_CTX* library) {
        return PKCS12_decrypt_skey_ex(
            bag, no_password_ ? nullptr : key_password_.data(),
            static_cast<int>(key_password_.size()), library, nullptr);
      })};
      if (info)
        return keep_key(bag, info.get());
      ERR_clear_error();
      result.keys.push_back({alias_of(bag), {}, {}, {}});
      return true;
    }
    case NID_certBag:
      if (PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate)
        if (x509_ptr found{PKCS12_SAFEBAG_get1_cert(bag)}) {
          auto alias = alias_of(bag);
          X509_alias_set1(found.get(),
                          reinterpret_cast<const unsigned char*>(alias.data()),
                          static_cast<int>(alias.size()));
          result.certificates.push_back(std::move(found));
        }
      return true;
    case NID_safeContentsBag:
      if (depth < deepest_bag)
        return read_bags(PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
      problem = "is nested too deeply";
      return false;
    default:
      return true;
  }
}

bool reader::keep_key(PKCS12_SAFEBAG* bag, const PKCS8_PRIV_KEY_INFO* info) {
  tls_store::key_entry entry;
  entry.alias = alias_of(bag);
  entry.key.reset(EVP_PKCS82PKEY(info));
  if (!entry.key) {
    problem = "holds a private key that cannot be read: " + last_tls_error();
    return false;
  }
  result.keys.push_back(std::move(entry));
  return true;
}

/// Gives each key its certificate and the issuers that are at hand.
void link_chains(tls_store& store) {
  auto share = [](const x509_ptr& what) {
    X509_up_ref(what.get());
    return x509_ptr{what.get()};
  };
  for (auto& entry : store.keys) {
    for (auto& certificate : store.certificates)
      if (entry.key
          && X509_check_private_key(certificate.get(), entry.key.get()) == 1) {
        entry.certificate = share(certificate);
        break;
      }
    auto last = entry.certificate.get();
    while (last != nullptr && entry.chain.size() < store.certificates.size()
           && X509_check_issued(last, last) != X509_V_OK) {
      auto issuer = std::find_if(store.certificates.begin(),
                                 store.certificates.end(), [&](auto& other) {
                                   return X509_check_issued(other.get(), last)
                                          == X509_V_OK;
                                 });
      if (issuer == store.certificates.end())
        break;
      last = issuer->get();
      entry.chain.push_back(share(*issuer));
    }
  }
  ERR_clear_error();
}

} // namespace

std::optional<tls_store> parse_pkcs12(std::string_view bytes,
                                      const store_secrets& secrets, bool keys,
                                      std::string& problem) {
  auto at = reinterpret_cast<const unsigned char*>(bytes.data());
  ERR_clear_error();
  pkcs12_ptr store{d2i_PKCS12(nullptr, &at, static_cast<long>(bytes.size()))};
  if (!store) {
    problem = "is no PKCS12 store: " + last_tls_error();
    return std::nullopt;
  }
  reader from{secrets, keys};
  if (!from.read(store.get())) {
    problem = from.problem;
    return std::nullopt;
  }
  link_chains(from.result);
  return std::move(from.result);
}

} // namespace switchboard::net
