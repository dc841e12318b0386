#define CAF_SUITE password_checks
#include <caf/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

#include <crypt.h>
#include <poll.h>

#include "net/password_checks.hpp"
#include "net/password_file.hpp"

using namespace switchboard::net;

namespace {

using answer = password_checks::answer;

/// What crypt(3) makes of a password.
std::string hash_of(const char* password, const char* setting) {
  crypt_data room{};
  auto made = crypt_r(password, setting, &room);
  CAF_REQUIRE(made != nullptr && *made == '$');
  return made;
}

const std::optional<address_key> nobody;

std::optional<address_key> from(const char* address) {
  return address_key::of(std::string_view{address});
}

/// Of the least cost.
const char* const cheap = "$2y$04$abcdefghijklmnopqrstuu";
/// Some 0.1 s.
const char* const dear = "$2y$11$abcdefghijklmnopqrstuu";

/// The verdict, waited for.
std::string verdict_of(const password_checks::outcome& of) {
  CAF_REQUIRE(of.verdict != nullptr);
  pollfd event{of.verdict->fd(), POLLIN, 0};
  CAF_REQUIRE_EQUAL(::poll(&event, 1, 20'000), 1);
  return of.verdict->get().value_or("none");
}

bool is_right(password_checks& checks, std::string_view name,
              std::string_view password, std::string_view hash,
              bool known = true) {
  auto found = checks.check(nobody, name, password, hash, known);
  return found.what == answer::later ? verdict_of(found).empty()
                                     : found.what == answer::right;
}

std::string problem_of(std::string_view text) {
  std::string problem;
  auto file = password_file::parse(text, problem);
  CAF_CHECK_EQUAL(file.has_value(), problem.empty());
  return problem;
}

} // namespace

CAF_TEST(passwords of all kinds of hashes are told from others) {
  password_checks checks{{}};
  for (auto setting :
       {cheap, "$2b$04$abcdefghijklmnopqrstuu", "$2a$04$abcdefghijklmnopqrstuu",
        "$5$rounds=1000$salt", "$6$rounds=1000$salt", "$6$salt"}) {
    auto hash = hash_of("open sesame", setting);
    CAF_CHECK_EQUAL(problem_of("ann:" + hash + "\n"), "");
    CAF_CHECK(is_right(checks, "ann", "open sesame", hash));
    CAF_CHECK(!is_right(checks, "ann", "open Sesame", hash));
    CAF_CHECK(!is_right(checks, "ann", "", hash));
    CAF_CHECK(!is_right(checks, "ann", hash, hash));
    CAF_CHECK(
        !is_right(checks, "ann", std::string{"open sesame\0x", 13}, hash));
    CAF_CHECK(!is_right(checks, "ann", std::string(600, 'x'), hash));
    // Nobody has the name, whatever its password.
    CAF_CHECK(!is_right(checks, "eve", "open sesame", hash, false));
  }
}

CAF_TEST(what was found is remembered for the same question only) {
  password_checks checks{{}};
  auto hash = hash_of("open sesame", cheap);
  CAF_CHECK(is_right(checks, "ann", "open sesame", hash));
  CAF_CHECK(checks.check(nobody, "ann", "open sesame", hash, true).what
            == answer::right);
  CAF_CHECK(!is_right(checks, "ann", "open", hash));
  CAF_CHECK(checks.check(nobody, "ann", "open", hash, true).what
            == answer::wrong);
  CAF_CHECK_EQUAL(checks.computed(), 2u);
  // Parts that read alike one behind the other are not the same.
  CAF_CHECK(!is_right(checks, "anno", "pen sesame", hash));
  CAF_CHECK(!is_right(checks, "ann", "open sesame", hash, false));
  auto other = hash_of("open sesame", "$2y$04$zyxwvutsrqponmlkjihgfe");
  CAF_CHECK(is_right(checks, "ann", "open sesame", other));
  CAF_CHECK_EQUAL(checks.computed(), 5u);
}

CAF_TEST(nothing is remembered for longer than it may be) {
  password_checks checks{{.success_lasts = std::chrono::seconds{0},
                          .failure_lasts = std::chrono::seconds{0}}};
  auto hash = hash_of("open sesame", cheap);
  for (auto i = 0; i < 3; ++i) {
    CAF_CHECK(is_right(checks, "ann", "open sesame", hash));
    CAF_CHECK(!is_right(checks, "ann", "open", hash));
  }
  CAF_CHECK_EQUAL(checks.computed(), 6u);
}

CAF_TEST(who asks the same at once shares one check) {
  password_checks checks{{}};
  auto hash = hash_of("open sesame", dear);
  std::vector<password_checks::outcome> crowd;
  for (auto i = 0; i < 50; ++i)
    crowd.push_back(checks.check(nobody, "ann", "open sesame", hash, true));
  for (auto& one : crowd) {
    CAF_CHECK(one.what == answer::later);
    CAF_CHECK_EQUAL(verdict_of(one), "");
  }
  CAF_CHECK_EQUAL(checks.computed(), 1u);
}

CAF_TEST(only so many wait) {
  password_checks checks{{.most_waiting = 2}};
  auto hash = hash_of("open sesame", dear);
  std::vector<password_checks::outcome> all;
  auto full = 0;
  for (auto i = 0; i < 10; ++i) {
    all.push_back(checks.check(nobody, "ann", std::to_string(i), hash, true));
    full += all.back().what == answer::no_room ? 1 : 0;
  }
  // One may be in work by then.
  CAF_CHECK(full == 7 || full == 8);
  for (auto& one : all)
    if (one.what == answer::later)
      CAF_CHECK_EQUAL(verdict_of(one), "wrong");
}

CAF_TEST(who guesses much keeps nobody else waiting) {
  password_checks checks{{.most_waiting = 4}};
  auto hash = hash_of("open sesame", "$2y$12$abcdefghijklmnopqrstuu");
  std::vector<password_checks::outcome> guesses;
  for (auto i = 0; i < 20; ++i)
    guesses.push_back(
        checks.check(from("192.0.2.1"), "ann", std::to_string(i), hash, true));
  auto ann = checks.check(from("192.0.2.2"), "ann", "open sesame", hash, true);
  CAF_REQUIRE(ann.what == answer::later);
  CAF_CHECK_EQUAL(verdict_of(ann), "");
  // One was in work, and one more may have its turn before.
  CAF_CHECK(checks.computed() <= 3u);
  auto crowded = 0;
  for (auto& one : guesses)
    if (one.what == answer::later)
      crowded += verdict_of(one) == password_checks::crowded_out ? 1 : 0;
  CAF_CHECK_EQUAL(crowded, 1);
  // Neighbors of one network are one.
  std::vector<password_checks::outcome> network;
  for (auto i = 0; i < 20; ++i)
    network.push_back(
        checks.check(from(("2001:db8::" + std::to_string(i)).c_str()), "bob",
                     std::to_string(i), hash, true));
  CAF_CHECK(network.back().what == answer::no_room);
}

CAF_TEST(a check that nobody waits for any more is not made) {
  password_checks checks{{}};
  auto hash = hash_of("open sesame", dear);
  auto first = checks.check(nobody, "ann", "first", hash, true);
  for (auto i = 0; i < 20; ++i)
    checks.check(nobody, "ann", std::to_string(i), hash, true);
  auto last = checks.check(nobody, "ann", "open sesame", hash, true);
  CAF_CHECK_EQUAL(verdict_of(last), "");
  CAF_CHECK_EQUAL(verdict_of(first), "wrong");
  CAF_CHECK_EQUAL(checks.computed(), 2u);
}

CAF_TEST(whoever waits at the end is told) {
  std::vector<password_checks::outcome> all;
  {
    password_checks checks{{}};
    auto hash = hash_of("open sesame", dear);
    for (auto i = 0; i < 5; ++i)
      all.push_back(checks.check(nobody, "ann", std::to_string(i), hash, true));
  }
  for (auto& one : all)
    CAF_CHECK_EQUAL(one.verdict->get().value_or("none"), "wrong");
}

CAF_TEST(a file is read by its lines) {
  auto hash = hash_of("open sesame", cheap);
  std::string problem;
  auto file = password_file::parse(
      "# all of us\r\n\r\n  ann:" + hash + "\r\nb b:" + hash, problem);
  CAF_REQUIRE(file.has_value());
  CAF_CHECK(file->find("ann") != nullptr && *file->find("ann") == hash);
  CAF_CHECK(file->find("b b") != nullptr);
  CAF_CHECK(file->find("Ann") == nullptr);
  CAF_CHECK(file->find("") == nullptr);
  for (auto number : {0u, 1u, 2u, 4'000'000'000u})
    CAF_CHECK_EQUAL(file->any(number), hash);
}

CAF_TEST(names that nobody has cost what those of others do) {
  auto cheaper = hash_of("open sesame", cheap);
  auto dearer = hash_of("open sesame", "$5$rounds=1000$salt");
  std::string problem;
  auto file =
      password_file::parse("ann:" + cheaper + "\nbob:" + dearer, problem);
  CAF_REQUIRE(file.has_value());
  password_checks checks{{}};
  password_checks others{{}};
  auto as_here = 0;
  auto cheap_ones = 0;
  for (auto i = 0; i < 400; ++i) {
    auto name = "name" + std::to_string(i);
    auto number = checks.draw(name);
    CAF_CHECK_EQUAL(checks.draw(name), number);
    cheap_ones += file->any(number) == cheaper ? 1 : 0;
    as_here += file->any(others.draw(name)) == file->any(number) ? 1 : 0;
  }
  // Some of each, and nobody knows whose: odds are 1 to 10^8 against others.
  CAF_CHECK(cheap_ones > 140 && cheap_ones < 260);
  CAF_CHECK(as_here > 140 && as_here < 260);
}

CAF_TEST(what is no hash or too weak is refused by its line) {
  auto hash = hash_of("open sesame", cheap);
  const struct {
    std::string text;
    const char* problem;
  } rows[] = {
      {"", "holds no NAME:HASH"},
      {"# nobody\n\n", "holds no NAME:HASH"},
      {"ann\n", "line 1 is no NAME:HASH"},
      {":" + hash, "line 1 is no NAME:HASH"},
      {"\nann:" + hash + "\nann:" + hash,
       "line 3 has a name for the second time"},
      {"ann:" + hash.substr(0, 59), "line 1 has a broken hash of bcrypt"},
      {"ann:" + hash + "x", "line 1 has a broken hash of bcrypt"},
      {"ann:$2y$0", "line 1 has a broken hash of bcrypt"},
      {"ann:$2y$04$" + std::string(53, '!'),
       "line 1 has a broken hash of bcrypt"},
      {"ann:$2y$16$" + hash.substr(7),
       "line 1 has a hash of bcrypt with the cost 16, expected 4 to 15"},
      {"ann:$2y$03$" + hash.substr(7),
       "line 1 has a hash of bcrypt with the cost 3, expected 4 to 15"},
      {"ann:$5$salt$short", "line 1 has a broken hash of SHA crypt"},
      {"ann:$6$salt", "line 1 has a broken hash of SHA crypt"},
      {"ann:$6$rounds=99999999999999999999$s$" + std::string(86, 'a'),
       "line 1 has a hash of too many rounds, expected at most 5000000"},
      {"ann:$6$rounds=9999999$s$" + std::string(86, 'a'),
       "line 1 has a hash of too many rounds, expected at most 5000000"},
      // crypt(3) makes a thousand of them.
      {"ann:$5$rounds=999$s$" + std::string(43, 'a'),
       "line 1 has a hash of too few rounds, expected at least 1000"},
      {"ann:$5$rounds=$s$" + std::string(43, 'a'),
       "line 1 has a broken hash of SHA crypt"},
  };
  for (auto& [text, problem] : rows)
    CAF_CHECK_EQUAL(problem_of(text), problem);
  for (auto weak : {"ann:$apr1$abc$def", "ann:{SHA}abc", "ann:secret"})
    CAF_CHECK(problem_of(weak).find("expected bcrypt") != std::string::npos);
}
