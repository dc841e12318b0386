#define CAF_SUITE template_scan

#include <switchboard/template_scan.hpp>

#include <caf/test/unit_test.hpp>

using namespace switchboard;

namespace {

/// Parts as `(literal)` and `<expression>`, `!OFFSET` for an unclosed one.
std::string scanned(std::string_view text) {
  std::string result;
  auto scan = scan_template(text);
  for (auto& part : scan.parts) {
    CAF_CHECK_EQUAL(part.text, text.substr(part.offset, part.text.size()));
    result += part.is_expression ? '<' : '(';
    result += part.text;
    result += part.is_expression ? '>' : ')';
  }
  if (scan.unclosed)
    result += '!' + std::to_string(*scan.unclosed);
  return result;
}

} // namespace

CAF_TEST(a text is split into literals and expressions) {
  CAF_CHECK_EQUAL(scanned(""), "");
  CAF_CHECK_EQUAL(scanned("abc"), "(abc)");
  CAF_CHECK_EQUAL(scanned("#[a]"), "<a>");
  CAF_CHECK_EQUAL(scanned("a #[b] c#[d]#[e]"), "(a )<b>( c)<d><e>");
  CAF_CHECK_EQUAL(scanned("# [a] ##[b] #"), "(# [a] #)<b>( #)");
  CAF_CHECK_EQUAL(scanned("#[]"), "<>");
  CAF_CHECK_EQUAL(scanned("] #[a]]"), "(] )<a>(])");
}

CAF_TEST(an expression ends at the bracket that balances its own) {
  CAF_CHECK_EQUAL(scanned("#[a[1]] b"), "<a[1]>( b)");
  CAF_CHECK_EQUAL(scanned("#[a[b[1]][2]]"), "<a[b[1]][2]>");
  CAF_CHECK_EQUAL(scanned("#[#a]"), "<#a>");
  CAF_CHECK_EQUAL(scanned("#[a - b[1]]"), "<a - b[1]>");
}

CAF_TEST(brackets in strings do not count) {
  CAF_CHECK_EQUAL(scanned("#[']' .. \"]\"] x"), "<']' .. \"]\">( x)");
  CAF_CHECK_EQUAL(scanned(R"(#['\']'] x)"), R"(<'\']'>( x))");
  CAF_CHECK_EQUAL(scanned(R"(#['\\'] x)"), R"(<'\\'>( x))");
  CAF_CHECK_EQUAL(scanned("#['\\z \n ]'] x"), "<'\\z \n ]'>( x)");
  CAF_CHECK_EQUAL(scanned("#['a\\\r\n]'] x"), "<'a\\\r\n]'>( x)");
  CAF_CHECK_EQUAL(scanned("#[ [[ ] ]] ] x"), "< [[ ] ]] >( x)");
  CAF_CHECK_EQUAL(scanned("#[[[a]]] x"), "<[[a]]>( x)");
  CAF_CHECK_EQUAL(scanned("#[ [=[ ]] ] ]=] ] x"), "< [=[ ]] ] ]=] >( x)");
  CAF_CHECK_EQUAL(scanned("#[ [==[ ]=] ]==] ] x"), "< [==[ ]=] ]==] >( x)");
  CAF_CHECK_EQUAL(scanned("#[ [=[ ]]=] ] x"), "< [=[ ]]=] >( x)");
}

CAF_TEST(brackets in comments do not count) {
  CAF_CHECK_EQUAL(scanned("#[a -- ]\n] x"), "<a -- ]\n>( x)");
  CAF_CHECK_EQUAL(scanned("#[a --[[ ] ]] ] x"), "<a --[[ ] ]] >( x)");
  CAF_CHECK_EQUAL(scanned("#[a --[=[ ]] ]=] ] x"), "<a --[=[ ]] ]=] >( x)");
  CAF_CHECK_EQUAL(scanned("#[a --[ ]\n] x"), "<a --[ ]\n>( x)");
  CAF_CHECK_EQUAL(scanned("#[a --'\n] x"), "<a --'\n>( x)");
}

CAF_TEST(an unclosed expression is reported where it begins) {
  for (auto text :
       {"a #[", "a #[b", "a #[b[1]", "a #[']", "a #[']'", "a #[\"]", "a #[[[]",
        "a #[[=[]]", "a #[-- ]", "a #[--[[ ]", "a #['\\", "a #[[[ ]="})
    CAF_CHECK_EQUAL(scanned(text), "(a )!2");
  CAF_CHECK_EQUAL(scanned("#[a]#[b"), "<a>!4");
}

CAF_TEST(a line end ends an unfinished string for Lua to report) {
  CAF_CHECK_EQUAL(scanned("#['a\n] x"), "<'a\n>( x)");
}

CAF_TEST(a scan tells constants and pure expressions) {
  CAF_CHECK(scan_template("").is_constant());
  CAF_CHECK(scan_template("a").is_constant());
  CAF_CHECK(!scan_template("a#[b]").is_constant());
  CAF_CHECK(!scan_template("a#[b").is_constant());
  CAF_CHECK(scan_template("#[b]").is_expression());
  CAF_CHECK(!scan_template(" #[b]").is_expression());
  CAF_CHECK(!scan_template("#[b]#[c]").is_expression());
  CAF_CHECK(!scan_template("#[b]#[").is_expression());
}
