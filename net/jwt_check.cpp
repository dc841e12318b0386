#include "net/jwt_check.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "net/base64.hpp"

namespace switchboard::net {

namespace {

namespace json = boost::json;

/// Seconds since 1970 that a time may be away from it: the year 9999.
constexpr double last_second = 253'402'300'799.0;

/// What the clock cannot count to, which is from the year 2262 on, is as good
/// as this: there is room left for a skew behind it.
constexpr auto latest = std::chrono::floor<std::chrono::seconds>(
    jwt_clock::duration::max() - std::chrono::hours{24});

std::optional<json::object> parse_object(std::string_view text) {
  boost::system::error_code wrong;
  // Of a repeated name the parser keeps the last (RFC 7519 §4); whoever reads
  // the claims later reads what it kept.
  auto result = json::parse(json::string_view{text.data(), text.size()}, wrong);
  if (wrong || !result.is_object())
    return std::nullopt;
  return std::move(result.get_object());
}

/// Whether all numbers are within what a reader of claims can hold: the parser
/// takes larger ones for infinity, which cannot be written so that it is read
/// again, and all claims would be lost with it.
bool has_finite_numbers(const json::value& of) {
  if (auto number = of.if_double())
    return std::isfinite(*number);
  if (auto list = of.if_array())
    return std::all_of(list->begin(), list->end(), has_finite_numbers);
  auto object = of.if_object();
  return object == nullptr
         || std::all_of(object->begin(), object->end(), [](auto& member) {
              return has_finite_numbers(member.value());
            });
}

struct compact_token {
  std::string_view signed_text;
  std::string header;
  std::string claims;
  std::string signature;
};

std::optional<compact_token> split(std::string_view token) {
  auto first = token.find('.');
  auto second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos)
    return std::nullopt;
  auto header = from_base64url(token.substr(0, first));
  auto claims = from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!header || !claims || !signature || signature->empty())
    return std::nullopt;
  return compact_token{token.substr(0, second), std::move(*header),
                       std::move(*claims), std::move(*signature)};
}

/// What a claim of a time says.
struct claimed_time {
  bool present = false;
  bool wrong = false;
  jwt_clock::time_point when;
};

claimed_time time_at(const json::object& claims, std::string_view name) {
  claimed_time result;
  auto found = claims.if_contains(name);
  if (!found)
    return result;
  result.present = true;
  boost::system::error_code wrong;
  auto seconds = found->to_number<double>(wrong);
  result.wrong =
      wrong || !found->is_number() || !(seconds >= 0) || seconds > last_second;
  if (!result.wrong)
    result.when = jwt_clock::time_point{std::min(
        latest,
        std::chrono::seconds{static_cast<std::int64_t>(std::floor(seconds))})};
  return result;
}

bool is_for(const json::object& claims,
            const std::vector<std::string>& audience) {
  auto wanted = [&](const json::value& one) {
    return one.is_string()
           && std::find(audience.begin(), audience.end(),
                        std::string_view{one.get_string()})
                  != audience.end();
  };
  auto found = claims.if_contains("aud");
  if (!found)
    return false;
  if (!found->is_array())
    return wanted(*found);
  auto& several = found->get_array();
  return std::any_of(several.begin(), several.end(), wanted);
}

/// @returns why the header does not do; empty where it does.
std::string judge_signature(const compact_token& token,
                            const jwt_rules& rules) {
  auto header = parse_object(token.header);
  if (!header)
    return "is no JSON Web Token";
  // An extension that has to be understood (RFC 7515 §4.1.11).
  if (header->contains("crit"))
    return "asks for an extension that is not known";
  auto named = header->if_contains("alg");
  auto algorithm = named && named->is_string()
                       ? jwt_algorithm_of(std::string_view{named->get_string()})
                       : std::nullopt;
  auto counts = algorithm
                && (rules.algorithms.empty()
                    || std::find(rules.algorithms.begin(),
                                 rules.algorithms.end(), *algorithm)
                           != rules.algorithms.end());
  if (!counts)
    return "is signed in a way that is not taken";
  std::string_view id;
  if (auto kid = header->if_contains("kid")) {
    if (!kid->is_string())
      return "is no JSON Web Token";
    id = kid->get_string();
  }
  auto fits = [&](const jwt_key& key) {
    return key.algorithm == *algorithm
           && (id.empty() || key.id.empty() || key.id == id);
  };
  auto known = false;
  for (auto& key : rules.keys) {
    if (!fits(key))
      continue;
    known = true;
    if (verify_signature(key, token.signed_text, token.signature))
      return {};
  }
  return known ? "has a wrong signature"
               : "is signed with a key that is not known";
}

std::string judge_claims(const json::object& claims, const jwt_rules& rules,
                         jwt_clock::time_point now, jwt_verdict& verdict) {
  auto expires = time_at(claims, "exp");
  auto begins = time_at(claims, "nbf");
  if (expires.wrong || begins.wrong)
    return "has a time that is none";
  if (!expires.present && rules.needs_expiry)
    return "never expires";
  if (expires.present) {
    verdict.expires = expires.when + rules.clock_skew;
    if (now >= *verdict.expires)
      return "has expired";
  }
  if (begins.present && now + rules.clock_skew < begins.when)
    return "is not valid yet";
  if (!rules.issuer.empty()) {
    auto issuer = claims.if_contains("iss");
    if (!issuer || !issuer->is_string()
        || std::string_view{issuer->get_string()} != rules.issuer)
      return "is from another issuer";
  }
  if (!rules.audience.empty() && !is_for(claims, rules.audience))
    return "is for another audience";
  return {};
}

} // namespace

jwt_verdict check_jwt(std::string_view token, const jwt_rules& rules,
                      jwt_clock::time_point now) {
  jwt_verdict result;
  auto refuse = [&](std::string why) {
    result = {};
    result.problem = std::move(why);
    return result;
  };
  if (token.size() > longest_jwt)
    return refuse("is too long");
  auto parts = split(token);
  if (!parts)
    return refuse("is no JSON Web Token");
  if (auto problem = judge_signature(*parts, rules); !problem.empty())
    return refuse(std::move(problem));
  auto claims = parse_object(parts->claims);
  if (!claims)
    return refuse("has claims that are no JSON object");
  auto problem = judge_claims(*claims, rules, now, result);
  if (!problem.empty())
    return refuse(std::move(problem));
  for (auto& [name, value] : *claims)
    if (!has_finite_numbers(value))
      return refuse("has a number that is too large");
  result.claims = std::move(*claims);
  return result;
}

} // namespace switchboard::net
