#define CAF_SUITE path_pattern

#include <switchboard/path_pattern.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

using namespace switchboard;

namespace {

path_pattern pattern(std::string_view text) {
  std::string problem;
  auto result = path_pattern::parse(text, &problem);
  CAF_REQUIRE_EQUAL(std::string{text} + problem, std::string{text});
  return *result;
}

/// "no", or the parameters as `name=value;`.
std::string matched(std::string_view text, std::string_view path) {
  path_params params{{"stale", "x"}};
  if (!pattern(text).matches(path, &params))
    return "no";
  std::string result;
  for (auto& [name, value] : params)
    result += name + "=" + value + ";";
  return result;
}

} // namespace

CAF_TEST(patterns match their paths) {
  struct row {
    std::string pattern;
    std::string path;
    std::string matched;
  };
  std::vector<row> rows{
      {"/", "/", ""},
      {"/", "", ""},
      {"/", "/a", "no"},
      {"/chat", "/chat", ""},
      {"/chat", "/chat/", ""},
      {"/chat/", "/chat", ""},
      {"chat", "/chat", ""},
      {"/chat", "/Chat", "no"},
      {"/chat", "/chatter", "no"},
      {"/chat", "/cha", "no"},
      {"/chat", "/", "no"},
      {"/chat", "/chat/a", "no"},
      {"/a/b", "/a//b", ""},
      {"/chat/*", "/chat", ""},
      {"/chat/*", "/chat/", ""},
      {"/chat/*", "/chat/a", ""},
      {"/chat/*", "/chat/a/b/c", ""},
      {"/chat/*", "/chatter", "no"},
      {"/chat/*", "/", "no"},
      {"/*", "/", ""},
      {"*", "/a/b", ""},
      {"/{x}", "/a", "x=a;"},
      {"/{x}", "/", "no"},
      {"/{x}", "/a/b", "no"},
      {"/{x}/b/{y}", "/1/b/2", "x=1;y=2;"},
      {"/{x}/b/{y}", "/1/c/2", "no"},
      {"/{x}/*", "/a", "x=a;"},
      {"/{x}/*", "/a/b/c", "x=a;"},
      {"/{x}/*", "/", "no"},
      {"/{x}", "/a%20b", "x=a b;"},
      {"/{x}", "/a%2Fb", "x=a/b;"},
      {"/{x}", "/%zz%4", "x=%zz%4;"},
      {"/a b", "/a%20b", ""},
      {"/a%20b", "/a%20b", ""},
      {"/a%20b", "/a b", ""},
      {"/%63hat", "/chat", ""},
      {"/chat", "/%63hat", ""},
      {"/a", "/%2Fa", "no"},
      {"/%7Bx%7D", "/{x}", ""},
  };
  for (auto& [text, path, expected] : rows)
    CAF_CHECK_EQUAL(text + " " + path + " " + matched(text, path),
                    text + " " + path + " " + expected);
}

CAF_TEST(a failed match leaves the parameters alone) {
  path_params params{{"kept", "x"}};
  CAF_CHECK(!pattern("/{a}/b").matches("/1/c", &params));
  CAF_CHECK_EQUAL(params.size(), 1u);
  CAF_CHECK_EQUAL(params[0].first, "kept");
}

CAF_TEST(patterns that are none are refused with the reason) {
  for (auto text :
       {"/*/a", "/a*", "/*a", "/**", "/{}", "/{a", "/a}", "/{", "/}", "/a{b}",
        "/{a}b", "/{a}{b}", "/{a*}", "/{{a}}", "/{a}/x/{a}"}) {
    std::string problem;
    CAF_CHECK(!path_pattern::parse(text, &problem));
    CAF_CHECK_EQUAL(std::string{text} + (problem.empty() ? " no reason" : ""),
                    text);
    CAF_CHECK(!path_pattern::parse(text));
  }
}

CAF_TEST(literal beats parameter beats nearest wildcard) {
  // Each before the next.
  const std::vector<std::string> order{
      "/a/b/c", "/a/b/{x}", "/a/b", "/a/b/*", "/a/{x}/c",
      "/a/{x}", "/a/{x}/*", "/a",   "/a/*",   "/{x}/b",
      "/{x}",   "/{x}/*",   "/",    "/*"};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t k = 0; k < order.size(); ++k) {
      auto ordering = pattern(order[i]) <=> pattern(order[k]);
      auto expected = i <=> k;
      CAF_CHECK_EQUAL(order[i] + " " + order[k]
                          + std::to_string((ordering < 0) - (ordering > 0)),
                      order[i] + " " + order[k]
                          + std::to_string((expected < 0) - (expected > 0)));
    }
  }
}

CAF_TEST(the first of the sorted patterns that matches is the one) {
  struct row {
    std::string path;
    std::string first;
  };
  std::vector<path_pattern> patterns;
  for (auto text : {"/*", "/{x}/*", "/a/*", "/a/{x}", "/a/b", "/a/b/*",
                    "/a/{x}/c", "/{x}/b"})
    patterns.push_back(pattern(text));
  std::sort(patterns.begin(), patterns.end(),
            [](auto& x, auto& y) { return x < y; });
  std::vector<row> rows{
      {"/", "/*"},        {"/a", "/a/*"},       {"/a/b", "/a/b"},
      {"/a/c", "/a/{x}"}, {"/a/b/c", "/a/b/*"}, {"/a/d/c", "/a/{x}/c"},
      {"/a/d/e", "/a/*"}, {"/z", "/{x}/*"},     {"/z/b", "/{x}/b"},
      {"/z/c", "/{x}/*"}, {"/a/b/", "/a/b"},    {"/a/b/c/d", "/a/b/*"},
  };
  for (auto& [path, first] : rows) {
    auto found = std::find_if(patterns.begin(), patterns.end(),
                              [&](auto& it) { return it.matches(path); });
    CAF_REQUIRE(found != patterns.end());
    CAF_CHECK_EQUAL(path + " " + found->text(), path + " " + first);
  }
}

CAF_TEST(patterns that match the same paths are equal) {
  CAF_CHECK(pattern("/a/{x}") == pattern("/a/{y}"));
  CAF_CHECK(pattern("/a/{x}/*") == pattern("/a/{y}/*/"));
  CAF_CHECK(pattern("/a//b/") == pattern("a/b"));
  CAF_CHECK(pattern("/%61") == pattern("/a"));
  CAF_CHECK(pattern("/a") != pattern("/a/*"));
  CAF_CHECK(pattern("/a/{x}") != pattern("/b/{x}"));
}

CAF_TEST(a pattern text has one slash between segments) {
  // By value: the check keeps a reference to what it compares.
  auto text_of = [](const char* from) {
    return std::string{pattern(from).text()};
  };
  CAF_CHECK_EQUAL(text_of(""), "/");
  CAF_CHECK_EQUAL(text_of("//a//b//"), "/a/b");
  CAF_CHECK_EQUAL(text_of("a/{b}/*"), "/a/{b}/*");
}

CAF_TEST(paths are joined) {
  CAF_CHECK_EQUAL(join_paths("/", "/"), "/");
  CAF_CHECK_EQUAL(join_paths("", ""), "/");
  CAF_CHECK_EQUAL(join_paths("/base", "chat"), "/base/chat");
  CAF_CHECK_EQUAL(join_paths("/base/", "/chat/"), "/base/chat");
  CAF_CHECK_EQUAL(join_paths("base", ""), "/base");
  CAF_CHECK_EQUAL(join_paths("/a//b", "c//d"), "/a/b/c/d");
}

CAF_TEST(a path is found below its base) {
  auto found = [](std::string_view base, std::string_view path) {
    auto result = below(base, path);
    return result ? std::string{*result} : "no";
  };
  CAF_CHECK_EQUAL(found("/", "/a/b"), "/a/b");
  CAF_CHECK_EQUAL(found("", "/a"), "/a");
  CAF_CHECK_EQUAL(found("/a", "/a/b"), "/b");
  CAF_CHECK_EQUAL(found("/a/", "/a/b"), "/b");
  CAF_CHECK_EQUAL(found("/a", "/a"), "/");
  CAF_CHECK_EQUAL(found("/a", "/a/"), "/");
  CAF_CHECK_EQUAL(found("/a", "/ab"), "no");
  CAF_CHECK_EQUAL(found("/a", "/"), "no");
  CAF_CHECK_EQUAL(found("/a/b", "/a"), "no");
}

CAF_TEST(escapes are decoded and what is none stays) {
  CAF_CHECK_EQUAL(percent_decode("%41%62%3a"), "Ab:");
  CAF_CHECK_EQUAL(percent_decode("%"), "%");
  CAF_CHECK_EQUAL(percent_decode("%4"), "%4");
  CAF_CHECK_EQUAL(percent_decode("%4g%g4"), "%4g%g4");
  CAF_CHECK_EQUAL(percent_decode("%%41"), "%A");
  CAF_CHECK_EQUAL(percent_decode("%2541"), "%41");
  CAF_CHECK_EQUAL(percent_decode("%00").size(), 1u);
}
