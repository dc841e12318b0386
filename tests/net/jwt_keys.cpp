#define CAF_SUITE jwt_keys
#include <caf/test/unit_test.hpp>

#include <string>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "net/jwt_keys.hpp"
#include "tests/net/jwt_signer.hpp"

using namespace switchboard::net;
using namespace jwt_signer;

namespace {

key_ptr rsa(unsigned bits = 2048) {
  return key_ptr{EVP_RSA_gen(bits)};
}

key_ptr curve(const char* name = "P-256") {
  return key_ptr{EVP_EC_gen(name)};
}

key_ptr edwards() {
  return key_ptr{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
}

std::string number(EVP_PKEY* key, const char* which) {
  BIGNUM* value = nullptr;
  EVP_PKEY_get_bn_param(key, which, &value);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(value);
  return base64url(bytes);
}

std::string coordinate(EVP_PKEY* key, const char* which) {
  BIGNUM* value = nullptr;
  EVP_PKEY_get_bn_param(key, which, &value);
  std::string bytes(32, '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), 32);
  BN_free(value);
  return base64url(bytes);
}

std::string jwk_of(EVP_PKEY* key, const std::string& more = {}) {
  std::string result = "{" + more;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return result + R"("kty":"RSA","n":")"
             + number(key, OSSL_PKEY_PARAM_RSA_N) + R"(","e":")"
             + number(key, OSSL_PKEY_PARAM_RSA_E) + "\"}";
    case EVP_PKEY_EC:
      return result + R"("kty":"EC","crv":"P-256","x":")"
             + coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")"
             + coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y) + "\"}";
    default: {
      std::string bytes(32, '\0');
      auto size = bytes.size();
      EVP_PKEY_get_raw_public_key(
          key, reinterpret_cast<unsigned char*>(bytes.data()), &size);
      return result + R"("kty":"OKP","crv":"Ed25519","x":")" + base64url(bytes)
             + "\"}";
    }
  }
}

std::string set_of(const std::string& keys) {
  return "{\"keys\":[" + keys + "]}";
}

struct pem_result {
  jwt_key_list keys;
  std::string problem;
};

pem_result pem(const std::string& text) {
  pem_result result;
  result.keys = read_pem_keys(text, result.problem);
  return result;
}

pem_result jwks(const std::string& text) {
  pem_result result;
  result.keys = read_jwks(text, result.problem);
  return result;
}

} // namespace

CAF_TEST(public keys are read from PEM) {
  auto r = rsa();
  auto e = curve();
  auto d = edwards();
  auto [keys, problem] = pem(public_pem(r.get()) + public_pem(e.get())
                             + "a line between\n" + public_pem(d.get()));
  CAF_CHECK_EQUAL(problem, "");
  CAF_REQUIRE_EQUAL(keys.size(), 3u);
  CAF_CHECK(keys[0].algorithm == jwt_algorithm::rs256);
  CAF_CHECK(keys[1].algorithm == jwt_algorithm::es256);
  CAF_CHECK(keys[2].algorithm == jwt_algorithm::eddsa);
  CAF_CHECK(verify_signature(keys[0], "text", sign(r.get(), "text")));
  CAF_CHECK(verify_signature(keys[1], "text", sign(e.get(), "text")));
  CAF_CHECK(verify_signature(keys[2], "text", sign(d.get(), "text")));
  CAF_CHECK(!verify_signature(keys[0], "Text", sign(r.get(), "text")));
  CAF_CHECK(!verify_signature(keys[1], "Text", sign(e.get(), "text")));
  CAF_CHECK(!verify_signature(keys[2], "Text", sign(d.get(), "text")));
  for (auto& key : keys)
    for (auto size : {0, 1, 63, 64, 65, 256, 1000})
      CAF_CHECK(!verify_signature(
          key, "text", std::string(static_cast<std::size_t>(size), 'x')));
}

CAF_TEST(what is no key of ours is told) {
  switchboard::net::openssl_ptr<BIO, BIO_free_all> out{BIO_new(BIO_s_mem())};
  auto d = edwards();
  PEM_write_bio_PrivateKey(out.get(), d.get(), nullptr, nullptr, 0, nullptr,
                           nullptr);
  char* data = nullptr;
  auto size = BIO_get_mem_data(out.get(), &data);
  std::string private_pem{data, static_cast<std::size_t>(size)};
  CAF_CHECK_EQUAL(pem("").problem, "it holds no public key in PEM");
  CAF_CHECK_EQUAL(pem("nonsense").problem, "it holds no public key in PEM");
  CAF_CHECK_EQUAL(pem(private_pem).problem,
                  "it holds a private key, which does not belong here");
  CAF_CHECK_EQUAL(pem(public_pem(rsa(1024).get())).problem,
                  "an RSA key has 1024 bits, expected 2048 to 8192");
  CAF_CHECK_EQUAL(pem(public_pem(curve("P-384").get())).problem,
                  "an elliptic curve is not P-256");
  CAF_CHECK_EQUAL(pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC "
                      "KEY-----\n")
                      .problem,
                  "it holds what is neither a public key nor a certificate");
}

CAF_TEST(a PEM file that is broken behind its first key is told) {
  auto first = public_pem(rsa().get());
  auto second = public_pem(curve().get());
  auto cut = second.substr(0, second.size() / 2);
  auto other_end = second;
  other_end.replace(other_end.find("END PUBLIC"), 10, "END SECRET");
  auto no_base64 = second;
  no_base64[second.find('\n') + 3] = '!';
  for (auto& broken : {cut, other_end, no_base64}) {
    CAF_CHECK_EQUAL(pem(first + broken).problem, "its PEM is broken");
    CAF_CHECK_EQUAL(pem(broken).problem, "its PEM is broken");
    CAF_CHECK(pem(first + broken).keys.empty());
  }
  CAF_CHECK_EQUAL(pem(first + "what stands behind it\n").problem, "");
}

CAF_TEST(an RSA key that anybody can sign for is refused) {
  auto good = rsa();
  auto n = number(good.get(), OSSL_PKEY_PARAM_RSA_N);
  auto with_exponent = [&](std::string_view e) {
    return jwks(set_of(R"({"kty":"RSA","n":")" + n + R"(","e":")" + base64url(e)
                       + "\"}"))
        .problem;
  };
  CAF_CHECK_EQUAL(with_exponent("\x03"), "");
  CAF_CHECK_EQUAL(with_exponent({"\0\1\0\1", 4}), "");
  // A signature is the text itself, or there is none.
  for (std::string_view e : {std::string_view{"\x01"},
                             {"\0\1", 2},
                             {"\0", 1},
                             {"\x02"},
                             {"\1\0", 2}})
    CAF_CHECK(!with_exponent(e).empty());
}

CAF_TEST(a key set is read) {
  auto r = rsa();
  auto e = curve();
  auto d = edwards();
  std::string shared(32, 's');
  auto text = set_of(
      jwk_of(r.get(),
             R"("kid":"r","use":"sig","alg":"RS256","key_ops":["verify"],)")
      + "," + jwk_of(e.get(), R"("kid":"e",)") + "," + jwk_of(d.get()) + ","
      + R"({"kty":"oct","kid":"s","k":")" + base64url(shared)
      + "\"},"
      // None of ours.
      + jwk_of(r.get(), R"("use":"enc",)") + ","
      + jwk_of(r.get(), R"("alg":"RSA-OAEP",)") + ","
      + jwk_of(r.get(), R"("key_ops":["encrypt","wrapKey"],)")
      + R"(,{"kty":"EC","crv":"P-521","x":"AA","y":"AA"},{"kty":"new"})");
  auto [keys, problem] = jwks(text);
  CAF_CHECK_EQUAL(problem, "");
  CAF_REQUIRE_EQUAL(keys.size(), 4u);
  CAF_CHECK_EQUAL(keys[0].id, "r");
  CAF_CHECK_EQUAL(keys[1].id, "e");
  CAF_CHECK_EQUAL(keys[2].id, "");
  CAF_CHECK_EQUAL(keys[3].id, "s");
  CAF_CHECK(verify_signature(keys[0], "text", sign(r.get(), "text")));
  CAF_CHECK(verify_signature(keys[1], "text", sign(e.get(), "text")));
  CAF_CHECK(verify_signature(keys[2], "text", sign(d.get(), "text")));
  CAF_CHECK(verify_signature(keys[3], "text", hmac(shared, "text")));
  CAF_CHECK(!verify_signature(keys[3], "text", hmac(shared, "Text")));
  CAF_CHECK(!verify_signature(keys[3], "text", ""));
}

CAF_TEST(a broken key set is told) {
  const struct {
    std::string text;
    const char* problem;
  } rows[] = {
      {"", "it is no set of keys, expected {\"keys\": [ … ]}"},
      {"[]", "it is no set of keys, expected {\"keys\": [ … ]}"},
      {R"({"keys":{}})", "it is no set of keys, expected {\"keys\": [ … ]}"},
      {set_of(""), "none of its keys can check a signature of ours"},
      {set_of("5"), "one of its keys is no object"},
      {set_of(R"({"kty":"RSA"})"), "a key of the type RSA is broken"},
      {set_of(R"({"kty":"RSA","n":"+","e":"AQAB"})"),
       "a key of the type RSA is broken"},
      {set_of(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"),
       "a key of the type EC is broken"},
      // Not on the curve.
      {set_of(R"({"kty":"EC","crv":"P-256","x":")"
              + base64url(std::string(32, '\1')) + R"(","y":")"
              + base64url(std::string(32, '\1')) + "\"}"),
       "a key of the type EC is broken"},
      {set_of(R"({"kty":"oct","k":"c2hvcnQ"})"),
       "a secret is shorter than 32 bytes"},
      {set_of(jwk_of(rsa(1024).get())),
       "an RSA key has 1024 bits, expected 2048 to 8192"},
      {set_of(jwk_of(curve().get(), R"("alg":"RS256",)")),
       "a key's type is not that of its alg"},
  };
  for (auto& [text, expected] : rows) {
    auto [keys, problem] = jwks(text);
    CAF_CHECK_EQUAL(problem, expected);
    CAF_CHECK(keys.empty());
  }
}
