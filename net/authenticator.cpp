#include "net/authenticator.hpp"

#include <algorithm>
#include <exception>
#include <span>
#include <utility>

#include <boost/json/serialize.hpp>

#include "net/base64.hpp"
#include "net/jwt_check.hpp"
#include "net/password_checks.hpp"
#include "net/password_file.hpp"
#include "net/request_credentials.hpp"
#include "net/tls_store.hpp"
#include "net/token_claims.hpp"
#include "net/utf8.hpp"

namespace switchboard::net {

namespace {

/// As in `"a \"b\""` (RFC 9110 §5.6.4).
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (auto c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + '"';
}

http_rejection challenge(unsigned status, std::string detail,
                         std::string value) {
  return {status, std::move(detail), {{"WWW-Authenticate", std::move(value)}}};
}

// -- tokens
// ---------------------------------------------------------------------

/// What is wrong with a token: a clause, and the answer.
struct token_fault {
  unsigned status = 401;
  std::string clause;
};

class jwt_authenticator final : public authenticator {
public:
  jwt_authenticator(jwt_authentication options, jwt_rules rules)
      : options_(std::move(options)), rules_(std::move(rules)) {}

  admission_check check(http_request& request, clock::time_point now,
                        const std::optional<address_key>&) const override {
    admission_check result;
    auto taken = take_token(request, options_);
    result.subprotocol = std::move(taken.subprotocol);
    if (!taken.problem.empty()) {
      result.rejection =
          challenge(400, std::move(taken.problem), named("invalid_request"));
      result.cause = "the request has several tokens";
      return result;
    }
    if (!taken.text) {
      result.rejection =
          challenge(401, "A token is needed here.", realm_of(options_.realm));
      return result;
    }
    token_fault fault;
    result.who = judge(*taken.text, now, fault);
    if (result.who)
      return result;
    result.cause = "the token " + fault.clause;
    result.rejection = challenge(
        fault.status, "The token " + fault.clause + ".",
        named(fault.status == 403 ? "insufficient_scope" : "invalid_token"));
    return result;
  }

  std::shared_ptr<const identity>
  check_token(std::string_view token, clock::time_point now,
              std::string& problem) const override {
    token_fault fault;
    auto result = judge(token, now, fault);
    problem = std::move(fault.clause);
    return result;
  }

private:
  static std::string realm_of(std::string_view realm) {
    return "Bearer realm=" + quoted(realm);
  }

  /// RFC 6750 §3.1.
  std::string named(std::string_view error) const {
    return realm_of(options_.realm) + ", error=" + quoted(error);
  }

  std::shared_ptr<const identity> judge(std::string_view token,
                                        clock::time_point now,
                                        token_fault& fault) const {
    auto verdict = check_jwt(token, rules_, now);
    if (!verdict.problem.empty()) {
      fault = {401, std::move(verdict.problem)};
      return nullptr;
    }
    for (auto& [name, value] : options_.required)
      if (!claim_has(verdict.claims, name, value)) {
        fault = {403, "does not have the claims that are asked for here"};
        return nullptr;
      }
    auto result = std::make_shared<identity>();
    if (!options_.groups_claim.empty()
        && !read_groups(verdict.claims, options_.groups_claim,
                        result->groups)) {
      fault = {403, "has groups that cannot be used"};
      return nullptr;
    }
    if (auto subject = verdict.claims.if_contains("sub")) {
      // Else he would be nobody, as all the others that are called so.
      if (!subject->is_string()) {
        fault = {401, "has a subject that is no text"};
        return nullptr;
      }
      result->user = std::string{subject->get_string()};
    }
    result->claims = boost::json::serialize(verdict.claims);
    result->expires = verdict.expires;
    return result;
  }

  jwt_authentication options_;
  jwt_rules rules_;
};

bool read_keys(const jwt_authentication& options, jwt_rules& rules,
               std::string& problem) {
  if (!options.secret.empty()) {
    if (auto key = make_shared_key(options.secret, problem))
      rules.keys.push_back(std::move(*key));
    return !rules.keys.empty();
  }
  auto is_set = options.key_file.empty();
  auto& path = is_set ? options.jwks_file : options.key_file;
  if (path.empty()) {
    problem = "no keys are named";
    return false;
  }
  std::string cause;
  if (auto bytes = read_file(path, cause))
    rules.keys =
        is_set ? read_jwks(*bytes, cause) : read_pem_keys(*bytes, cause);
  if (rules.keys.empty())
    problem = "key file " + path + ": " + cause;
  return !rules.keys.empty();
}

std::shared_ptr<const authenticator> make_one(const jwt_authentication& options,
                                              std::string& problem) {
  jwt_rules rules;
  if (!read_keys(options, rules, problem))
    return nullptr;
  for (auto& name : options.algorithms) {
    auto algorithm = jwt_algorithm_of(name);
    auto usable =
        algorithm
        && std::any_of(rules.keys.begin(), rules.keys.end(),
                       [&](auto& key) { return key.algorithm == *algorithm; });
    if (!usable) {
      problem = "none of the keys is for the algorithm " + name;
      return nullptr;
    }
    rules.algorithms.push_back(*algorithm);
  }
  rules.issuer = options.issuer;
  rules.audience = options.audience;
  rules.clock_skew =
      std::chrono::floor<std::chrono::seconds>(options.clock_skew);
  rules.needs_expiry = options.require_expiry;
  return std::make_shared<jwt_authenticator>(options, std::move(rules));
}

// -- passwords
// ------------------------------------------------------------------

class basic_authenticator final : public authenticator {
public:
  basic_authenticator(basic_authentication options, password_file known)
      : options_(std::move(options)), known_(std::move(known)) {}

  admission_check
  check(http_request& request, clock::time_point,
        const std::optional<address_key>& whose) const override {
    admission_check result;
    auto taken = take_authorization(request, "Basic");
    if (!taken.problem.empty()) {
      result.rejection = http_rejection{400, std::move(taken.problem), {}};
      result.cause = "the request has several Authorization headers";
      return result;
    }
    if (!taken.text) {
      result.rejection = refusal("A name and a password are needed here.");
      return result;
    }
    auto decoded = from_base64(*taken.text);
    auto colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos
        || !is_utf8(std::as_bytes(std::span{*decoded}))) {
      result.cause = "the credentials cannot be read";
      result.rejection = refusal("The credentials cannot be read.");
      return result;
    }
    auto name = decoded->substr(0, colon);
    judge(whose, name, std::string_view{*decoded}.substr(colon + 1), result);
    auto who = std::make_shared<identity>();
    who->user = std::move(name);
    result.who = std::move(who);
    return result;
  }

private:
  http_rejection refusal(std::string detail) const {
    return challenge(401, std::move(detail),
                     "Basic realm=" + quoted(options_.realm)
                         + ", charset=\"UTF-8\"");
  }

  void judge(const std::optional<address_key>& whose, const std::string& name,
             std::string_view password, admission_check& result) const {
    auto& checks = password_checks::shared();
    // In any case, so that it takes as long for a name that is known.
    auto& other = known_.any(checks.draw(name));
    auto hash = known_.find(name);
    auto found = checks.check(whose, name, password,
                              hash != nullptr ? *hash : other, hash != nullptr);
    switch (found.what) {
      case password_checks::answer::right:
        break;
      case password_checks::answer::later:
        result.pending = std::move(found.verdict);
        [[fallthrough]];
      case password_checks::answer::wrong:
        result.cause = "the name or the password is wrong";
        result.rejection = refusal("The name or the password is wrong.");
        break;
      case password_checks::answer::no_room:
        crowd_out(result);
        break;
    }
  }

  basic_authentication options_;
  password_file known_;
};

std::shared_ptr<const authenticator>
make_one(const basic_authentication& options, std::string& problem) {
  std::string cause;
  auto bytes = read_file(options.password_file, cause);
  auto known = bytes ? password_file::parse(*bytes, cause) : std::nullopt;
  if (!known) {
    problem = "password file " + options.password_file + ": " + cause;
    return nullptr;
  }
  try {
    // Here, where it can be told that it cannot be had.
    password_checks::shared();
  } catch (const std::exception& failure) {
    problem = std::string{"passwords cannot be checked: "} + failure.what();
    return nullptr;
  }
  return std::make_shared<basic_authenticator>(options, std::move(*known));
}

} // namespace

std::shared_ptr<const authenticator>
authenticator::make(const listener_authentication& options,
                    std::string& problem) {
  return std::visit([&](auto& which) { return make_one(which, problem); },
                    options);
}

void crowd_out(admission_check& what) {
  what.cause = "too many passwords wait to be checked";
  what.rejection = http_rejection{
      503, "Too many passwords wait to be checked.", {{"Retry-After", "5"}}};
}

std::shared_ptr<const identity>
authenticator::check_token(std::string_view, clock::time_point,
                           std::string& problem) const {
  problem = "is not what its listener asks for";
  return nullptr;
}

std::vector<std::string> files_of(const listener_authentication& options) {
  std::vector<std::string> result;
  if (auto jwt = std::get_if<jwt_authentication>(&options)) {
    for (auto path : {&jwt->key_file, &jwt->jwks_file})
      if (!path->empty())
        result.push_back(*path);
  } else {
    result.push_back(std::get<basic_authentication>(options).password_file);
  }
  return result;
}

} // namespace switchboard::net
