#define CAF_SUITE tls_store_names
#include <caf/test/unit_test.hpp>

#include <openssl/pkcs12.h>

#include "net/tls_store.hpp"
#include "tls_peer.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace tls_peer;

namespace {

constexpr std::string_view password = "hunter2";

struct fixture {
  identity first = issue({.subject = "first one"});
  identity second = issue({.subject = "second one"});

  /// A store of both certificates, the second one with a name.
  /// @param seal rounds of its seal; -1: it has none.
  std::string pkcs12(int rounds, int seal) {
    STACK_OF(X509)* chain = sk_X509_new_null();
    X509_alias_set1(second.certificate.get(),
                    reinterpret_cast<const unsigned char*>("Signer"), 6);
    sk_X509_push(chain, second.certificate.get());
    auto store =
        PKCS12_create(password.data(), "leaf", first.key.get(),
                      first.certificate.get(), chain, 0, 0, rounds, seal, 0);
    sk_X509_free(chain);
    unsigned char* bytes = nullptr;
    auto size = i2d_PKCS12(store, &bytes);
    std::string result{reinterpret_cast<char*>(bytes),
                       static_cast<std::size_t>(size)};
    OPENSSL_free(bytes);
    PKCS12_free(store);
    return result;
  }

  /// One trusted certificate; nobody asks for the digest.
  std::string jks(const std::string& alias) {
    auto number = [](std::size_t value, int bytes) {
      std::string result;
      for (int i = bytes; i-- > 0;)
        result += static_cast<char>(value >> (8 * i) & 0xFF);
      return result;
    };
    unsigned char* bytes = nullptr;
    auto size =
        static_cast<std::size_t>(i2d_X509(second.certificate.get(), &bytes));
    std::string der{reinterpret_cast<char*>(bytes), size};
    OPENSSL_free(bytes);
    return "\xFE\xED\xFE\xED" + number(2, 4) + number(1, 4) + number(2, 4)
           + number(alias.size(), 2) + alias + number(0, 8) + number(5, 2)
           + "X.509" + number(der.size(), 4) + der + std::string(20, '\0');
  }

  const X509* find(const std::optional<tls_store>& store,
                   const std::string& alias) {
    CAF_REQUIRE(store.has_value());
    return find_certificate(*store, alias);
  }

  static bool is(const X509* found, const identity& who) {
    return found != nullptr && X509_cmp(found, who.certificate.get()) == 0;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_store_names_tests, fixture)

CAF_TEST(a certificate is found by its alias in the store) {
  std::string problem;
  auto of_pkcs12 = parse_pkcs12(pkcs12(1, 1), {password, {}}, false, problem);
  CAF_CHECK(is(find(of_pkcs12, "signer"), second));
  CAF_CHECK(is(find(of_pkcs12, "leaf"), first));
  CAF_CHECK(find(of_pkcs12, "second one") == nullptr);
  auto of_jks = parse_jks(jks("signer"), {}, false, problem);
  CAF_CHECK(is(find(of_jks, "SIGNER"), second));
  CAF_CHECK(find(of_jks, "second one") == nullptr);
}

CAF_TEST(without aliases the common name stands for it) {
  std::string problem;
  auto text = first.certificate_pem() + second.certificate_pem();
  auto store = parse_pem(text, {}, false, problem);
  CAF_CHECK(is(find(store, "Second One"), second));
  CAF_CHECK(is(find(store, "first one"), first));
  CAF_CHECK(find(store, "one") == nullptr);
  CAF_CHECK(find(store, "") == nullptr);
}

CAF_TEST(a PKCS12 store does not hold a start up) {
  // As written by 100,000 rounds, and with more in each place of them.
  const std::string rounds{"\x02\x03\x01\x86\xA0", 5};
  auto refused_places_of = [&](const std::string& bytes) {
    auto count = 0;
    for (auto at = bytes.find(rounds); at != bytes.npos;
         at = bytes.find(rounds, at + 1), ++count) {
      auto slow = bytes;
      slow.replace(at, 5, "\x02\x03\x7F\xFF\xFF");
      std::string problem;
      CAF_CHECK(!parse_pkcs12(slow, {password, {}}, true, problem));
      CAF_CHECK_EQUAL(problem,
                      "hashes its password more often than 3,000,000 times");
    }
    return count;
  };
  // The seal; then certificates and key, which it would protect.
  CAF_CHECK_EQUAL(refused_places_of(pkcs12(1, 100'000)), 1);
  CAF_CHECK_EQUAL(refused_places_of(pkcs12(100'000, -1)), 2);
}

CAF_TEST_FIXTURE_SCOPE_END()
