#include "fuzz_input.hpp"
#include "net/tls_store.hpp"

using namespace switchboard::net;

namespace {

constexpr std::string_view password = "pass word";

void judge(std::string_view bytes, const store_secrets& secrets, bool keys) {
  std::string problem;
  auto store = parse_pkcs12(bytes, secrets, keys, problem);
  fuzz::require(store.has_value() == problem.empty(),
                "a store, or why there is none");
  fuzz::require(problem.find(password) == problem.npos,
                "a reason tells no password");
  if (!store)
    return;
  for (auto& certificate : store->certificates)
    fuzz::require(certificate != nullptr, "a certificate is one");
  fuzz::require(keys || store->keys.empty(), "keys only where they are wanted");
  for (auto& entry : store->keys) {
    fuzz::require(entry.key != nullptr, "an entry has its key");
    fuzz::require(entry.chain.size() <= store->certificates.size(),
                  "a chain ends");
  }
  static_cast<void>(find_certificate(*store, "a"));
  if (store->keys.empty())
    return;
  static_cast<void>(choose_key(*store, {}, problem));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto bytes = in.rest();
  judge(bytes, {}, true);
  judge(bytes, {password, {}}, false);
  judge(bytes, {password, "another"}, true);
  return 0;
}
