#include <array>

#include <openssl/evp.h>

#include "fuzz_input.hpp"
#include "net/tls_store.hpp"

using namespace switchboard::net;

namespace {

constexpr std::string_view password = "pass word";

/// The digest at the end of a store, without which nothing of it is read.
std::string digest_of(std::string_view body) {
  std::string content;
  for (auto c : password) {
    content += '\0';
    content += c;
  }
  content += "Mighty Aphrodite";
  content += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> result;
  unsigned size = 0;
  EVP_Digest(content.data(), content.size(), result.data(), &size, EVP_sha1(),
             nullptr);
  return {reinterpret_cast<char*>(result.data()), size};
}

void judge(std::string_view bytes, const store_secrets& secrets, bool keys) {
  std::string problem;
  auto store = parse_jks(bytes, secrets, keys, problem);
  fuzz::require(store.has_value() == problem.empty(),
                "a store, or why there is none");
  fuzz::require(problem.find(password) == problem.npos,
                "a reason tells no password");
  if (!store)
    return;
  for (auto& certificate : store->certificates)
    fuzz::require(certificate != nullptr, "a certificate is one");
  fuzz::require(keys || store->keys.empty(), "keys only where they are wanted");
  for (auto& entry : store->keys)
    fuzz::require(entry.key != nullptr, "an entry has its key");
  static_cast<void>(find_certificate(*store, "a"));
  if (store->keys.empty())
    return;
  static_cast<void>(choose_key(*store, {}, problem));
}

} // namespace

/// The first byte tells whether the rest is a store, or what stands before
/// its digest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto how = in.number();
  auto bytes = in.rest();
  if ((how & 1) != 0)
    bytes = std::string{"\xFE\xED\xFE\xED\0\0\0\2", 8} + bytes;
  if ((how & 2) != 0)
    bytes += digest_of(bytes);
  judge(bytes, {}, false);
  judge(bytes, {password, {}}, false);
  judge(bytes, {password, {}}, true);
  judge(bytes, {password, "another"}, true);
  return 0;
}
