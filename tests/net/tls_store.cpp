// Options are filled as far as a test needs them.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define CAF_SUITE tls_store
#include <caf/test/unit_test.hpp>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "net/tls_context.hpp"
#include "net/tls_store.hpp"
#include "tls_peer.hpp"

using namespace switchboard;
using namespace switchboard::net;
using tls_peer::identity;
using tls_peer::issue;

namespace {

/// What Java's `keytool -genkeypair -alias server -keyalg EC -storetype JKS`
/// wrote, good for a hundred years; both passwords are `changeit`.
constexpr std::string_view jks_hex =
    "feedfeed0000000200000001000000010006736572766572000001a20bf07899"
    "0000007f307d300e060a2b060104012a021101010500046b205de6c4b8e186db"
    "8fe60e6455b1953316875773ed81917458c789afd5626ab5e98de5ee7efa455f"
    "fd3828852fd582042efee394ecf2defc5e176972058cd33ce5548a2cca31fa61"
    "24e48eb76b6ac7f37baf47d26f055d42370b858fba6f738353c69c52a3cef104"
    "eae0ef000000010005582e35303900000146308201423081e8a0030201020209"
    "00b5f7ad8bb5e03d99300a06082a8648ce3d0403023014311230100603550403"
    "13096c6f63616c686f73743020170d3236313132343035303335385a180f3231"
    "3236313033313035303335385a301431123010060355040313096c6f63616c68"
    "6f73743059301306072a8648ce3d020106082a8648ce3d0301070342000462a8"
    "0a5c9e744ea4306a930beff334a2cda2a1491fe4d2cac580c570a6720042c392"
    "ea516abb95c0b4ce11ae2ec6033a325b4347c81d03c9f609c4b4d3d2d4ada321"
    "301f301d0603551d0e04160414bf19175487e9040931fb93f4a03066488c65f0"
    "1c300a06082a8648ce3d0403020349003046022100c363cdf6dbc66e3f72aa44"
    "36ee7a685ac81969c84148a5015f36489d0ccafab9022100b3ee1591fdde6797"
    "f93cdf06639c6aee1c4acf173ad5c8993b36925511286553f398fb911905344d"
    "fb4b01ba5dd4d00be45d7078";

std::string jks_of_java() {
  std::string result;
  for (std::size_t i = 0; i < jks_hex.size(); i += 2)
    result += static_cast<char>(
        std::stoi(std::string{jks_hex.substr(i, 2)}, nullptr, 16));
  return result;
}

struct fixture {
  tls_peer::scratch_folder folder;
  identity authority = issue({.subject = "root", .authority = true});
  identity leaf = issue({.names = "DNS:a.example", .issuer = &authority});

  /// Why a listener cannot be made of a key store; the file's name left out.
  std::string problem_of(const key_store_options& store) {
    tls_options options;
    options.key_store = store;
    std::string problem;
    auto made = tls_context::make(role::server, options, problem);
    CAF_CHECK_EQUAL(made == nullptr, !problem.empty());
    auto named = "key store " + store.path + " ";
    return problem.starts_with(named) ? problem.substr(named.size()) : problem;
  }

  std::string pem(const std::string& name, const std::string& text) {
    return folder.write(name, text);
  }

  std::string encrypted_key(const std::string& password) {
    std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()),
                                                  BIO_free};
    PEM_write_bio_PKCS8PrivateKey(
        out.get(), leaf.key.get(), EVP_aes_256_cbc(), password.data(),
        static_cast<int>(password.size()), nullptr, nullptr);
    char* data = nullptr;
    auto size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  std::string pkcs12(const std::string& name, const identity& who,
                     const char* alias, const std::string& password,
                     OSSL_LIB_CTX* library = nullptr, int cipher = 0) {
    STACK_OF(X509)* chain = sk_X509_new_null();
    sk_X509_push(chain, authority.certificate.get());
    auto store = PKCS12_create_ex(password.c_str(), alias, who.key.get(),
                                  who.certificate.get(), chain, 0, cipher, 100,
                                  100, 0, library, nullptr);
    sk_X509_free(chain);
    CAF_REQUIRE(store != nullptr);
    std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()),
                                                  BIO_free};
    i2d_PKCS12_bio(out.get(), store);
    PKCS12_free(store);
    char* data = nullptr;
    auto size = BIO_get_mem_data(out.get(), &data);
    return folder.write(name, {data, static_cast<std::size_t>(size)});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_store_tests, fixture)

CAF_TEST(a key store in PEM holds chain and key in any order) {
  auto good =
      leaf.key_pem() + authority.certificate_pem() + leaf.certificate_pem();
  CAF_CHECK_EQUAL(problem_of({.path = pem("good.pem", good)}), "");
  std::string problem;
  auto store = read_store(folder.path("good.pem"), store_type::automatic, {},
                          true, problem);
  CAF_REQUIRE(store.has_value());
  CAF_REQUIRE_EQUAL(store->keys.size(), 1u);
  CAF_CHECK_EQUAL(
      X509_cmp(store->keys[0].certificate.get(), leaf.certificate.get()), 0);
  CAF_CHECK_EQUAL(store->keys[0].chain.size(), 1u);
  CAF_CHECK_EQUAL(store->certificates.size(), 2u);
}

CAF_TEST(a key store that cannot be used is named with its cause) {
  auto expired = issue({.names = "DNS:a.example", .from = -9, .until = -2});
  auto early = issue({.names = "DNS:a.example", .from = 2});
  auto other = issue({.names = "DNS:a.example"});
  auto both = [](const identity& who) {
    return who.certificate_pem() + who.key_pem();
  };
  auto broken = leaf.certificate_pem();
  broken.replace(80, 20, "####################");
  CAF_CHECK_EQUAL(problem_of({.path = folder.path("none.pem")}),
                  "cannot be read: No such file or directory");
  CAF_CHECK_EQUAL(problem_of({.path = pem("empty.pem", "")}),
                  "is neither PEM, PKCS12 nor JKS");
  CAF_CHECK_EQUAL(problem_of({.path = pem("c.pem", leaf.certificate_pem())}),
                  "holds no private key");
  CAF_CHECK_EQUAL(problem_of({.path = pem("k.pem", leaf.key_pem())}),
                  "holds no certificate of its private key");
  CAF_CHECK_EQUAL(
      problem_of(
          {.path = pem("m.pem", leaf.key_pem() + both(other).substr(0, 400))})
          .find("holds a certificate that cannot be read"),
      0u);
  CAF_CHECK_EQUAL(
      problem_of(
          {.path = pem("x.pem", leaf.key_pem() + other.certificate_pem())}),
      "holds no certificate of its private key");
  CAF_CHECK_EQUAL(problem_of({.path = pem("b.pem", broken + leaf.key_pem())})
                      .find("holds a certificate that cannot be read"),
                  0u);
  CAF_CHECK_EQUAL(problem_of({.path = pem("e.pem", both(expired))})
                      .find("holds a certificate that expired on "),
                  0u);
  CAF_CHECK_EQUAL(problem_of({.path = pem("f.pem", both(early))})
                      .find("holds a certificate that is not valid before "),
                  0u);
  CAF_CHECK_EQUAL(
      problem_of({.path = pem("jceks", std::string(64, '\xCE'))}),
      "is a JCEKS store, which is not supported; convert it to PKCS12");
}

CAF_TEST(an encrypted key in PEM asks for its password) {
  auto path =
      pem("locked.pem", leaf.certificate_pem() + encrypted_key("open sesame"));
  CAF_CHECK_EQUAL(problem_of({.path = path, .key_password = "open sesame"}),
                  "");
  CAF_CHECK_EQUAL(problem_of({.path = path, .password = "open sesame"}), "");
  auto wrong = problem_of({.path = path, .password = "hunter2"});
  CAF_CHECK_EQUAL(wrong, "holds a private key that the given password does "
                         "not open");
  CAF_CHECK_EQUAL(problem_of({.path = path}),
                  "holds a private key that is encrypted, and no password is "
                  "given");
}

CAF_TEST(a key store in PKCS12 is opened by its password and alias) {
  auto path = pkcs12("good.p12", leaf, "Server", "open sesame");
  CAF_CHECK_EQUAL(problem_of({.path = path, .password = "open sesame"}), "");
  CAF_CHECK_EQUAL(
      problem_of({.path = path, .alias = "server", .password = "open sesame"}),
      "");
  CAF_CHECK_EQUAL(
      problem_of({.path = path, .alias = "else", .password = "open sesame"}),
      "holds no key called `else`, but `Server`");
  CAF_CHECK_EQUAL(problem_of({.path = path, .password = "hunter2"}),
                  "is not opened by the given password");
  CAF_CHECK_EQUAL(problem_of({.path = path}),
                  "is locked, and no password is given");
  CAF_CHECK_EQUAL(
      problem_of(
          {.path = path, .type = store_type::pem, .password = "open sesame"}),
      "holds no private key");
  std::string problem;
  auto store = read_store(path, store_type::automatic, {"open sesame", {}},
                          true, problem);
  CAF_REQUIRE(store.has_value());
  CAF_CHECK_EQUAL(store->keys.at(0).chain.size(), 1u);
}

CAF_TEST(a PKCS12 store without a password is read) {
  auto path = pkcs12("open.p12", leaf, "a", "");
  CAF_CHECK_EQUAL(problem_of({.path = path}), "");
}

CAF_TEST(a PKCS12 store of the old ciphers is read) {
  // A certificate under RC2 of 40 bits, as tools before 2020 made them.
  std::unique_ptr<OSSL_LIB_CTX, decltype(&OSSL_LIB_CTX_free)> library{
      OSSL_LIB_CTX_new(), OSSL_LIB_CTX_free};
  auto usual = OSSL_PROVIDER_load(library.get(), "default");
  auto legacy = OSSL_PROVIDER_load(library.get(), "legacy");
  CAF_REQUIRE(usual != nullptr && legacy != nullptr);
  auto path = pkcs12("old.p12", leaf, "a", "pw", library.get(),
                     NID_pbe_WithSHA1And40BitRC2_CBC);
  OSSL_PROVIDER_unload(legacy);
  OSSL_PROVIDER_unload(usual);
  CAF_CHECK_EQUAL(problem_of({.path = path, .password = "pw"}), "");
  CAF_CHECK_EQUAL(problem_of({.path = path, .password = "wp"}),
                  "is not opened by the given password");
}

CAF_TEST(a key that the password does not open leaves the others alone) {
  std::string problem;
  auto store = parse_jks(jks_of_java(), {"changeit", "hunter2"}, true, problem);
  CAF_REQUIRE(store.has_value());
  CAF_REQUIRE_EQUAL(store->keys.size(), 1u);
  CAF_CHECK(!store->keys[0].key);
  CAF_CHECK(!choose_key(*store, "server", problem));
  CAF_CHECK_EQUAL(problem,
                  "holds a private key that the given password does not open");
  tls_store::key_entry other;
  other.alias = "other";
  EVP_PKEY_up_ref(leaf.key.get());
  other.key.reset(leaf.key.get());
  X509_up_ref(leaf.certificate.get());
  other.certificate.reset(leaf.certificate.get());
  store->keys.push_back(std::move(other));
  CAF_CHECK(choose_key(*store, "other", problem) == std::size_t{1});
}

CAF_TEST(every byte of a PKCS12 store may be wrong) {
  auto path = pkcs12("good.p12", leaf, "a", "pw");
  std::string problem;
  std::string bytes;
  {
    std::unique_ptr<FILE, int (*)(FILE*)> file{::fopen(path.c_str(), "rb"),
                                               ::fclose};
    char buffer[8192];
    bytes.assign(buffer, ::fread(buffer, 1, sizeof buffer, file.get()));
  }
  CAF_REQUIRE(parse_pkcs12(bytes, {"pw", {}}, true, problem).has_value());
  for (std::size_t cut = 0; cut < bytes.size(); cut += 7) {
    problem.clear();
    CAF_CHECK(!parse_pkcs12(std::string_view{bytes}.substr(0, cut), {"pw", {}},
                            true, problem));
    CAF_CHECK(!problem.empty());
  }
  // What the integrity check covers may not change; the rest may not crash.
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    auto changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    parse_pkcs12(changed, {"pw", {}}, true, problem);
  }
}

CAF_TEST(a key store in JKS is opened by its passwords and alias) {
  auto path = pem("keys.jks", jks_of_java());
  CAF_CHECK_EQUAL(problem_of({.path = path, .password = "changeit"}), "");
  CAF_CHECK_EQUAL(
      problem_of({.path = path, .alias = "SERVER", .password = "changeit"}),
      "");
  CAF_CHECK_EQUAL(
      problem_of({.path = path, .alias = "else", .password = "changeit"}),
      "holds no key called `else`, but `server`");
  CAF_CHECK_EQUAL(problem_of({.path = path, .password = "hunter2"}),
                  "is not opened by the given password");
  CAF_CHECK_EQUAL(problem_of({.path = path}),
                  "is locked, and no password is given");
  CAF_CHECK_EQUAL(
      problem_of(
          {.path = path, .key_password = "hunter2", .password = "changeit"}),
      "holds a private key that the given password does not open");
}

CAF_TEST(a JKS store may be damaged anywhere) {
  auto bytes = jks_of_java();
  std::string problem;
  auto whole = parse_jks(bytes, {"changeit", {}}, true, problem);
  CAF_REQUIRE_EQUAL(problem, "");
  CAF_CHECK_EQUAL(whole->keys.size(), 1u);
  CAF_CHECK_EQUAL(whole->certificates.size(), 1u);
  CAF_CHECK(parse_jks(bytes, {}, false, problem).has_value());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    auto part = std::string_view{bytes}.substr(0, cut);
    CAF_CHECK(!parse_jks(part, {"changeit", {}}, true, problem));
    // Unchecked: only its structure tells.
    parse_jks(part, {}, false, problem);
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    CAF_CHECK(!parse_jks(changed, {"changeit", {}}, true, problem));
    parse_jks(changed, {}, false, problem);
  }
}

CAF_TEST(a trust store that cannot be used is named with its cause) {
  auto problem_with = [&](const trust_store_options& store) {
    tls_options options;
    options.trust_store = store;
    std::string problem;
    CAF_CHECK(tls_context::make(role::client, options, problem) == nullptr);
    return problem;
  };
  auto key = pem("key.pem", leaf.key_pem());
  CAF_CHECK_EQUAL(problem_with({.path = key}),
                  "trust store " + key + " holds no certificate");
  auto locked = pkcs12("trust.p12", leaf, "a", "pw");
  CAF_CHECK_EQUAL(problem_with({.path = locked, .password = "hunter2"}),
                  "trust store " + locked
                      + " is not opened by the given password");
}

CAF_TEST_FIXTURE_SCOPE_END()
