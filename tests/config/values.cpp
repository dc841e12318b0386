#define CAF_SUITE config.values

#include "config/values.hpp"

#include <caf/test/unit_test.hpp>

#include "config/addresses.hpp"
#include "config/nearest.hpp"
#include "config/shown.hpp"

using namespace switchboard::config;
using namespace std::chrono_literals;

namespace {

/// Nanoseconds, or what is wrong.
std::string duration(std::string_view text) {
  auto result = parse_duration(text);
  return result.value ? std::to_string(result.value->count())
                      : std::string{result.problem};
}

std::string size(std::string_view text) {
  auto result = parse_size(text);
  return result.value ? std::to_string(*result.value)
                      : std::string{result.problem};
}

} // namespace

CAF_TEST(durations have a number and a unit) {
  CAF_CHECK(parse_duration("1ns").value == 1ns);
  CAF_CHECK(parse_duration("2us").value == 2us);
  CAF_CHECK(parse_duration("250ms").value == 250ms);
  CAF_CHECK(parse_duration("0s").value == 0s);
  CAF_CHECK(parse_duration("1.5s").value == 1500ms);
  CAF_CHECK(parse_duration("15min").value == 15min);
  CAF_CHECK(parse_duration("0.25h").value == 15min);
  CAF_CHECK(parse_duration("1d").value == 24h);
  CAF_CHECK(parse_duration("36500d").value == 36500 * 24h);
  CAF_CHECK(parse_duration("0.000000001s").value == 1ns);
  CAF_CHECK(parse_duration("1.000000000000000000000s").value == 1s);
}

CAF_TEST(durations that make no sense are told apart) {
  for (auto text : {"", "s", ".5s", "1.s", "+1s", "abc", "1,5s", " 1s", "-"})
    CAF_CHECK_EQUAL(
        duration(text).substr(0, 6),
        std::string{text == std::string_view{"1,5s"} ? "has no" : "is not"});
  CAF_CHECK_EQUAL(duration("15"), "has no unit");
  CAF_CHECK_EQUAL(duration("1.5"), "has no unit");
  CAF_CHECK_EQUAL(duration("1m"), "has no known unit");
  CAF_CHECK_EQUAL(duration("1 s"), "has no known unit");
  CAF_CHECK_EQUAL(duration("1S"), "has no known unit");
  CAF_CHECK_EQUAL(duration("1s "), "has no known unit");
  CAF_CHECK_EQUAL(duration("-1s"), "is negative");
  CAF_CHECK_EQUAL(duration("0.5ns"), "is finer than a nanosecond");
  CAF_CHECK_EQUAL(duration("0.0000000001s"), "is finer than a nanosecond");
  CAF_CHECK_EQUAL(duration("36500.1d"), "is longer than a hundred years");
  CAF_CHECK_EQUAL(duration("99999999999999999999999999d"),
                  "is longer than a hundred years");
  CAF_CHECK_EQUAL(duration("9223372036854775807ns"),
                  "is longer than a hundred years");
}

CAF_TEST(sizes have a number and a unit) {
  CAF_CHECK_EQUAL(size("0B"), "0");
  CAF_CHECK_EQUAL(size("64KiB"), "65536");
  CAF_CHECK_EQUAL(size("1.5MiB"), "1572864");
  CAF_CHECK_EQUAL(size("2GiB"), "2147483648");
  CAF_CHECK_EQUAL(size("9223372036854775807B"), "9223372036854775807");
  CAF_CHECK_EQUAL(size("9223372036854775808B"), "is too large");
  CAF_CHECK_EQUAL(size("8589934592GiB"), "is too large");
  CAF_CHECK_EQUAL(size("0.5B"), "is no whole number of bytes");
  CAF_CHECK_EQUAL(size("0.3KiB"), "is no whole number of bytes");
  CAF_CHECK_EQUAL(size("64"), "has no unit");
  CAF_CHECK_EQUAL(size("64KB"), "has no known unit");
  CAF_CHECK_EQUAL(size("-1B"), "is negative");
  CAF_CHECK_EQUAL(size("big"), "is not a size");
}

CAF_TEST(the nearest word takes the fewest changes) {
  constexpr std::string_view known[] = {"host", "port", "base_path"};
  CAF_CHECK_EQUAL(nearest("prot", known), "port");
  CAF_CHECK_EQUAL(nearest("HOST", known), "host");
  CAF_CHECK_EQUAL(nearest("basepath", known), "base_path");
  CAF_CHECK_EQUAL(nearest(std::string(100'000, 'p'), known), "port");
  CAF_CHECK_EQUAL(nearest("x", {}), "");
}

CAF_TEST(words in messages cannot command a terminal) {
  CAF_CHECK_EQUAL(in_quotes("a\"b\\c"), R"("a\"b\\c")");
  CAF_CHECK_EQUAL(in_quotes("\x1B[2J\n"), R"("\u001b[2J\u000a")");
  CAF_CHECK_EQUAL(in_quotes("\xC2\x9B é"), "\"\\u009b é\"");
  CAF_CHECK_EQUAL(in_quotes(std::string(59, 'a') + "é"),
                  '"' + std::string(59, 'a') + "…\"");
}

CAF_TEST(hosts and loopback addresses are told) {
  for (auto host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"})
    CAF_CHECK(is_loopback(host));
  for (auto host : {"0.0.0.0", "::", "128.0.0.1", "localhost.example.com"})
    CAF_CHECK(!is_loopback(host));
  for (auto host : {"", "a b", "-a", "a..b", "1.2.3", "fe80::1%", "1.2.3.4%e",
                    "host:80", "http://host"})
    CAF_CHECK(!is_host(host));
}
