#include "net/password_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "net/header_values.hpp"

namespace switchboard::net {

namespace {

/// Each step doubles the time: this one takes seconds.
constexpr int most_cost = 15;
constexpr std::uint64_t most_rounds = 5'000'000;
/// crypt(3) takes no fewer, and the hash of so many would never be found.
constexpr std::uint64_t least_rounds = 1'000;

bool is_salt_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '.' || c == '/';
}

bool is_salt(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), is_salt_char);
}

/// `$2y$COST$` and 22 digits of salt, 31 of hash.
std::string judge_bcrypt(std::string_view hash) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9';
  };
  if (hash.size() != 60 || !digit(hash[4]) || !digit(hash[5]) || hash[6] != '$'
      || !is_salt(hash.substr(7)))
    return "has a broken hash of bcrypt";
  auto cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (cost < 4 || cost > most_cost)
    return "has a hash of bcrypt with the cost " + std::to_string(cost)
           + ", expected 4 to " + std::to_string(most_cost);
  return {};
}

/// `$5$rounds=N$SALT$HASH`, rounds may be left out.
std::string judge_sha(std::string_view hash, std::size_t digits) {
  constexpr std::string_view rounds = "rounds=";
  auto rest = hash.substr(3);
  if (rest.starts_with(rounds)) {
    rest.remove_prefix(rounds.size());
    std::uint64_t count = 0;
    auto [end, failure] =
        std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (failure == std::errc::invalid_argument || rest.starts_with('0'))
      return "has a broken hash of SHA crypt";
    if (failure != std::errc{} || count > most_rounds)
      return "has a hash of too many rounds, expected at most "
             + std::to_string(most_rounds);
    if (count < least_rounds)
      return "has a hash of too few rounds, expected at least "
             + std::to_string(least_rounds);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.starts_with('$'))
      return "has a broken hash of SHA crypt";
    rest.remove_prefix(1);
  }
  auto sign = rest.find('$');
  if (sign == rest.npos || sign > 16 || !is_salt(rest.substr(0, sign))
      || rest.size() - sign - 1 != digits || !is_salt(rest.substr(sign + 1)))
    return "has a broken hash of SHA crypt";
  return {};
}

std::string judge(std::string_view hash) {
  for (auto form : {"$2y$", "$2b$", "$2a$"})
    if (hash.starts_with(form))
      return judge_bcrypt(hash);
  if (hash.starts_with("$5$"))
    return judge_sha(hash, 43);
  if (hash.starts_with("$6$"))
    return judge_sha(hash, 86);
  constexpr auto expected =
      ", expected bcrypt (htpasswd -B) or SHA crypt (htpasswd -2, -5)";
  if (hash.starts_with("$apr1$"))
    return std::string{"has a hash of apr1 (MD5), which is too weak"}
           + expected;
  if (hash.starts_with("{SHA}"))
    return std::string{"has a hash of SHA-1 without salt, which is too weak"}
           + expected;
  return std::string{"has no hash that is taken"} + expected;
}

} // namespace

std::optional<password_file> password_file::parse(std::string_view text,
                                                  std::string& problem) {
  password_file result;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto end = text.find('\n');
    auto line = trim_blanks(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r'))
      line = trim_blanks(line.substr(0, line.size() - 1));
    if (line.empty() || line.starts_with('#'))
      continue;
    auto refuse = [&](std::string why) {
      problem = "line " + std::to_string(number) + " " + std::move(why);
      return std::nullopt;
    };
    auto colon = line.find(':');
    if (colon == line.npos || colon == 0)
      return refuse("is no NAME:HASH");
    auto name = line.substr(0, colon);
    auto hash = line.substr(colon + 1);
    if (auto wrong = judge(hash); !wrong.empty())
      return refuse(std::move(wrong));
    auto [i, fresh] = result.hashes_.emplace(name, hash);
    if (!fresh)
      return refuse("has a name for the second time");
    result.all_.push_back(&i->second);
  }
  if (result.hashes_.empty()) {
    problem = "holds no NAME:HASH";
    return std::nullopt;
  }
  return result;
}

const std::string* password_file::find(std::string_view name) const {
  auto i = hashes_.find(name);
  return i == hashes_.end() ? nullptr : &i->second;
}

} // namespace switchboard::net
