#include "net/jwt_keys.hpp"

#include <string>

#include "fuzz_input.hpp"

using namespace switchboard::net;

namespace {

void judge(const jwt_key_list& keys, const std::string& problem,
           const std::string& text) {
  fuzz::require(keys.empty() == !problem.empty(),
                "keys, or why there are none");
  fuzz::require(keys.size() <= most_jwt_keys, "keys are bounded");
  for (auto& key : keys) {
    auto is_shared = key.algorithm == jwt_algorithm::hs256;
    fuzz::require(is_shared == (key.key == nullptr),
                  "a key is shared or public, not both");
    fuzz::require(!is_shared || key.shared.view().size() >= 32,
                  "a shared key has 32 bytes");
    for (auto size : {1u, 32u, 64u, 256u})
      fuzz::require(!verify_signature(key, text, std::string(size, '\1')),
                    "nonsense is no signature");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto text = in.rest();
  std::string problem;
  judge(read_jwks(text, problem), problem, text);
  problem.clear();
  judge(read_pem_keys(text, problem), problem, text);
  return 0;
}
