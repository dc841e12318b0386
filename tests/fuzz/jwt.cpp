#include "net/jwt_check.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "net/token_claims.hpp"
#include "fuzz_input.hpp"
#include "tests/net/jwt_signer.hpp"

using namespace switchboard::net;
using namespace std::chrono_literals;

namespace {

const std::string shared(32, 's');
const jwt_clock::time_point now{1'900'000'000s};

jwt_rules make_rules() {
  jwt_rules result;
  std::string problem;
  for (auto& made :
       {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}),
        EVP_EC_gen("P-256"), EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")}) {
    jwt_signer::key_ptr key{made};
    auto read = read_pem_keys(jwt_signer::public_pem(key.get()), problem);
    fuzz::require(read.size() == 1, "a public key is read");
    result.keys.push_back(std::move(read.front()));
  }
  result.keys.push_back(std::move(*make_shared_key(shared, problem)));
  return result;
}

/// What the fuzzer knows no key for.
void judge_foreign(const std::string& token, const jwt_rules& rules) {
  auto verdict = check_jwt(token, rules, now);
  fuzz::require(!verdict.problem.empty(), "nobody forges a token");
  fuzz::require(verdict.claims.empty() && !verdict.expires,
                "of a refused token nothing is left");
}

void judge_claims(const jwt_verdict& verdict) {
  if (verdict.expires)
    fuzz::require(*verdict.expires > now, "an expired token is refused");
  auto text = boost::json::serialize(verdict.claims);
  boost::system::error_code wrong;
  auto again = boost::json::parse(text, wrong);
  fuzz::require(!wrong && again.is_object(), "claims can be read again");
  fuzz::require(again.get_object().size() == verdict.claims.size(),
                "each claim is there once");
  fuzz::require(text.find('\n') == text.npos, "claims are one line");
  for (auto name : {"groups", "sub", "exp"}) {
    std::vector<std::string> groups;
    if (!read_groups(verdict.claims, name, groups))
      continue;
    fuzz::require(groups.size() <= most_token_groups, "groups are bounded");
    for (auto& group : groups)
      fuzz::require(!group.empty() && group.size() <= longest_group_name,
                    "a group has a name");
  }
  claim_has(verdict.claims, "groups", "a");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static auto rules = make_rules();
  fuzz::input in{data, size};
  auto how = in.number();
  rules.needs_expiry = (how & 1) != 0;
  rules.issuer = (how & 2) != 0 ? "i" : "";
  rules.audience.clear();
  if ((how & 4) != 0)
    rules.audience = {"a", "b"};
  if ((how & 8) != 0) {
    judge_foreign(in.rest(), rules);
    return 0;
  }
  auto header = in.line();
  auto claims = in.rest();
  auto text = jwt_signer::unsigned_part(header, claims);
  auto verdict = check_jwt(
      text + '.' + jwt_signer::base64url(jwt_signer::hmac(shared, text)), rules,
      now);
  if (verdict.problem.empty())
    judge_claims(verdict);
  // The same under a signature of another kind.
  judge_foreign(text + '.' + jwt_signer::base64url(claims.substr(0, 64)),
                rules);
  return 0;
}
