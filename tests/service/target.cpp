#define CAF_SUITE target
#include <caf/test/unit_test.hpp>

#include "service/api/target.hpp"

using namespace switchboard::service::api;

namespace {

std::string shown(std::string_view text) {
  auto result = parse_target(text);
  if (!result)
    return "none";
  return std::string{result->path} + "|" + std::string{result->query};
}

std::string decoded(std::string_view text, bool plus_is_space) {
  auto result = decode_strictly(text, plus_is_space);
  return result ? *result : "none";
}

} // namespace

CAF_TEST(a target is split into path and query) {
  CAF_CHECK_EQUAL(shown("/a/b?x=1&y"), "/a/b|x=1&y");
  CAF_CHECK_EQUAL(shown("/a?x=1?y"), "/a|x=1?y");
  CAF_CHECK_EQUAL(shown("/"), "/|");
  CAF_CHECK_EQUAL(shown("http://host:1/a?b"), "/a|b");
  CAF_CHECK_EQUAL(shown("http://host"), "/|");
  CAF_CHECK_EQUAL(shown("http://host?b"), "/|b");
}

CAF_TEST(what is no path is refused) {
  for (auto text : {"", "*", "a", "host:80", "ftp://host/a"})
    CAF_CHECK_EQUAL(shown(text), "none");
}

CAF_TEST(escapes are decoded and wrong ones refused) {
  CAF_CHECK_EQUAL(decoded("a%2Fb%20c+d", false), "a/b c+d");
  CAF_CHECK_EQUAL(decoded("a+b", true), "a b");
  CAF_CHECK_EQUAL(decoded("%41%4a%4A", false), "AJJ");
  for (auto text : {"%", "%4", "a%", "%zz", "%4g", "%%41"})
    CAF_CHECK(!decode_strictly(text, false));
}

CAF_TEST(a query is read with its repeated names in order) {
  auto query = parse_query("group=a&&group=b%26c&empty=&bare&x=1=2");
  CAF_REQUIRE(query);
  auto expected = switchboard::string_pairs{{"group", "a"},
                                            {"group", "b&c"},
                                            {"empty", ""},
                                            {"bare", ""},
                                            {"x", "1=2"}};
  CAF_CHECK(*query == expected);
}

CAF_TEST(a query that is not percent encoded UTF 8 is refused) {
  CAF_CHECK(!parse_query("a=%"));
  CAF_CHECK(!parse_query("a=%FF"));
  CAF_CHECK(!parse_query("%C3=1"));
  CAF_CHECK(parse_query("a=%C3%A4").has_value());
}
