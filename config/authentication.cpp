#include "config/authentication.hpp"

#include <algorithm>
#include <array>

#include "config/addresses.hpp"
#include "config/file_path.hpp"

namespace switchboard::config {

namespace {

enum class kind { jwt, basic };

constexpr named<kind> kinds[] = {{"jwt", kind::jwt}, {"basic", kind::basic}};

constexpr key_spec keys[] = {
    {"type", presence::required, R"("jwt" or "basic")"},
    {"realm"},
    {"key_file"},
    {"jwks_file"},
    {"secret"},
    {"algorithms"},
    {"issuer"},
    {"audience"},
    {"clock_skew"},
    {"require_expiry"},
    {"token_from"},
    {"cookie"},
    {"query_parameter"},
    {"subprotocol"},
    {"groups_claim"},
    {"required"},
    {"password_file"},
};

constexpr std::array<std::string_view, 3> key_sources = {"key_file",
                                                         "jwks_file", "secret"};

constexpr std::array<std::string_view, 4> algorithms = {"HS256", "RS256",
                                                        "ES256", "EdDSA"};

constexpr named<token_place> places[] = {
    {"header", token_place::header},
    {"subprotocol", token_place::subprotocol},
    {"cookie", token_place::cookie},
    {"query", token_place::query},
};

/// Of HS256 (RFC 7518 §3.2).
constexpr std::size_t least_secret_bytes = 32;

constexpr std::chrono::nanoseconds most_skew = std::chrono::hours{1};

/// Keys that are of one type only.
bool is_of(std::string_view key, kind which) {
  if (key == "type" || key == "realm")
    return true;
  return (which == kind::basic) == (key == "password_file");
}

void refuse_foreign(const table_reader& table, kind which) {
  for (auto& key : keys)
    if (table.has(key.name) && !is_of(key.name, which))
      table.refuse_key(key.name, which == kind::jwt
                                     ? "is of type \"basic\", expected no such "
                                       "key beside type \"jwt\""
                                     : "is of type \"jwt\", expected no such "
                                       "key beside type \"basic\"");
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

/// A text that is not empty and fits; what does not is reported.
template <class Fits>
void read_word(const table_reader& table, std::string_view key,
               std::string& out, std::string_view expected, Fits fits) {
  auto word = table.string(key);
  if (!word)
    return;
  if (word->value.empty() || !fits(word->value))
    table.shared().refuse(*word, shown(*word) + " does not do, expected "
                                     + std::string{expected});
  else
    out = word->value;
}

void read_realm(const table_reader& table, std::string& out) {
  read_word(table, "realm", out, "visible characters of ASCII", is_visible);
}

bool is_anything(const std::string&) {
  return true;
}

/// Exactly one of them.
void read_key_source(const table_reader& table, jwt_authentication& out) {
  auto present = 0;
  auto misspelled = false;
  for (auto name : key_sources) {
    misspelled |= table.is_misspelled(name);
    if (table.has(name) && ++present == 2)
      table.refuse_key(name, "stands beside another source of keys, expected "
                             "one of key_file, jwks_file and secret");
  }
  if (present == 0 && !misspelled)
    table.refuse_key("type", "\"jwt\" has no keys, expected one of key_file, "
                             "jwks_file and secret beside it");
  read_file_path(table, out.key_file, "key_file");
  read_file_path(table, out.jwks_file, "jwks_file");
  if (auto secret = table.string("secret")) {
    // No message repeats it, also where it stands in the file itself.
    if (secret->value.size() < least_secret_bytes)
      table.shared().refuse(*secret, "has "
                                         + std::to_string(secret->value.size())
                                         + " bytes, expected at least "
                                         + std::to_string(least_secret_bytes));
    else
      out.secret = std::move(secret->value);
  }
}

void read_algorithms(const table_reader& table, jwt_authentication& out) {
  auto names = table.strings("algorithms");
  if (!names)
    return;
  auto value = table.find("algorithms");
  if (value->node().as_array()->empty())
    value->refuse("is empty, expected at least one, or no such key for what "
                  "the keys are for");
  for (auto& name : *names) {
    auto known = std::find(algorithms.begin(), algorithms.end(), name.value)
                 != algorithms.end();
    auto shared = name.value == "HS256";
    if (!known)
      table.shared().refuse(
          name, shown(name)
                    + R"( is unknown, expected "HS256", "RS256", "ES256" or )"
                      R"("EdDSA")");
    else if (shared && table.has("key_file"))
      table.shared().refuse(name, shown(name)
                                      + " is not for the public keys of a "
                                        "key_file, expected a secret");
    else if (!shared && table.has("secret"))
      table.shared().refuse(
          name, shown(name) + " is not for a secret, expected \"HS256\"");
    else
      out.algorithms.push_back(name.value);
  }
}

/// A text, or an array of them.
void read_audience(const table_reader& table, jwt_authentication& out) {
  auto value = table.find("audience");
  if (!value)
    return;
  if (!value->node().is_array()) {
    std::string one;
    read_word(table, "audience", one, "the audience of tokens", is_anything);
    if (!one.empty())
      out.audience.push_back(std::move(one));
    return;
  }
  if (value->node().as_array()->empty())
    value->refuse("is empty, expected at least one, or no such key for any");
  auto names = table.strings("audience");
  if (!names)
    return;
  for (auto& name : *names) {
    if (name.value.empty())
      table.shared().refuse(name, "is empty, expected an audience");
    else
      out.audience.push_back(name.value);
  }
}

bool takes_from(const jwt_authentication& options, token_place place) {
  auto& list = options.token_from;
  return std::find(list.begin(), list.end(), place) != list.end();
}

void read_places(const table_reader& table, jwt_authentication& out) {
  auto value = table.find("token_from");
  if (!value)
    return;
  auto list = value->array("an array of places");
  if (!list)
    return;
  if (list->empty())
    value->refuse("is empty, expected at least one of \"header\", "
                  "\"subprotocol\", \"cookie\" and \"query\"");
  out.token_from.clear();
  for (auto& each : *list)
    if (auto place = table_reader::read_one_of(each, places)) {
      if (takes_from(out, *place))
        each.refuse("stands there twice, expected once");
      else
        out.token_from.push_back(*place);
    }
}

/// What a place is called, which is of no use where nothing is taken from it.
template <class Fits>
void read_place_name(const table_reader& table, std::string_view key,
                     token_place place, std::string_view place_name,
                     const jwt_authentication& options, std::string& out,
                     std::string_view expected, Fits fits) {
  if (table.has(key) && !takes_from(options, place)
      && !table.is_misspelled("token_from"))
    table.refuse_key(key, "stands without \"" + std::string{place_name}
                              + "\" in token_from, expected it there");
  read_word(table, key, out, expected, fits);
}

void read_required(const table_reader& table, jwt_authentication& out) {
  auto value = table.find("required");
  if (!value)
    return;
  for (auto& claim : named_values(*value, "a table of claims"))
    if (auto wanted = claim.value.string())
      out.required.emplace_back(claim.name, std::move(wanted->value));
}

jwt_authentication read_jwt(const table_reader& table) {
  jwt_authentication result;
  read_realm(table, result.realm);
  read_key_source(table, result);
  read_algorithms(table, result);
  read_word(table, "issuer", result.issuer, "the issuer of tokens",
            is_anything);
  read_audience(table, result);
  if (table.duration("clock_skew", result.clock_skew,
                     std::chrono::nanoseconds{0})
      && result.clock_skew > most_skew)
    table.find("clock_skew")->refuse("is long, expected at most \"1h\"");
  table.boolean("require_expiry", result.require_expiry);
  read_places(table, result);
  auto token = [](const std::string& word) {
    return is_token(word);
  };
  read_place_name(table, "cookie", token_place::cookie, "cookie", result,
                  result.cookie, "the name of a cookie", token);
  read_place_name(table, "query_parameter", token_place::query, "query", result,
                  result.query_parameter, "the name of a parameter",
                  is_anything);
  read_place_name(table, "subprotocol", token_place::subprotocol, "subprotocol",
                  result, result.subprotocol, "the name of a subprotocol",
                  token);
  read_word(table, "groups_claim", result.groups_claim, "the name of a claim",
            is_anything);
  read_required(table, result);
  return result;
}

basic_authentication read_basic(const table_reader& table) {
  basic_authentication result;
  read_realm(table, result.realm);
  read_file_path(table, result.password_file, "password_file");
  if (!table.has("password_file") && !table.is_misspelled("password_file"))
    table.refuse_key("type", "\"basic\" has no passwords, expected a "
                             "password_file beside it");
  return result;
}

} // namespace

std::optional<listener_authentication>
read_authentication(const value_reader& value) {
  table_reader table{value, keys};
  auto which = kind::jwt;
  if (!table.one_of("type", which, kinds))
    return std::nullopt;
  refuse_foreign(table, which);
  if (which == kind::jwt)
    return read_jwt(table);
  return read_basic(table);
}

} // namespace switchboard::config
