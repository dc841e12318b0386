#define CAF_SUITE flows.lua_pattern

#include <caf/test/unit_test.hpp>

#include "tests/flows/making.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

/// All results of a call, as JSON.
std::string results(const std::string& call) {
  return text_of("#[table.pack(" + call + ")]");
}

} // namespace

CAF_TEST(matching is that of Lua) {
  struct row {
    const char* call;
    const char* result;
  };
  for (auto& [call, result] : std::initializer_list<row>{
           {"('hello world'):find('wor')", R"({"1":7,"2":9,"n":2})"},
           {"('hello'):find('l', 1, true)", R"({"1":3,"2":3,"n":2})"},
           {"('a.b'):find('.', 2, true)", R"({"1":2,"2":2,"n":2})"},
           {"('hello'):find('')", R"({"1":1,"2":0,"n":2})"},
           {"('hello'):find('', 6)", R"({"1":6,"2":5,"n":2})"},
           {"('hello'):find('', 7)", R"({"n":1})"},
           {"('hello'):find('l', -2)", R"({"1":4,"2":4,"n":2})"},
           {"('hello'):find('h', -100)", R"({"1":1,"2":1,"n":2})"},
           {"('hello'):find('(l)(l)')",
            R"({"1":3,"2":4,"3":"l","4":"l","n":4})"},
           {"('key = value'):match('^(%w+)%s*=%s*(%w+)$')",
            R"({"1":"key","2":"value","n":2})"},
           {"('2024-05-06'):match('%d+', 6)", R"({"1":"05","n":1})"},
           {"('abc'):match('()b()')", R"({"1":2,"2":3,"n":2})"},
           {"('abc'):match('^b')", R"({"n":1})"},
           {"('aXb'):match('%u')", R"({"1":"X","n":1})"},
           {"('a-b'):match('[%w-]+')", R"({"1":"a-b","n":1})"},
           {"('a]b'):match('[]]')", R"({"1":"]","n":1})"},
           {"('x^y'):match('[x^]+')", R"({"1":"x^","n":1})"},
           {"('abc'):match('[^a-b]')", R"({"1":"c","n":1})"},
           {"('<<a>>'):match('%b<>')", R"({"1":"<<a>>","n":1})"},
           {"('THE (quick) fox'):find('%f[%a]%a+%f[%A]')",
            R"({"1":1,"2":3,"n":2})"},
           {"('abab'):match('(ab)%1')", R"({"1":"ab","n":1})"},
           {"('aaa'):match('a-')", R"({"1":"","n":1})"},
           {"('aaab'):match('a-b')", R"({"1":"aaab","n":1})"},
           {"('ab'):match('a?b?c?')", R"({"1":"ab","n":1})"},
           {"('5$'):match('%d$')", R"({"n":1})"},
           {"('5$'):match('%d%$')", R"({"1":"5$","n":1})"},
           {"('a$b'):match('a$b')", R"({"1":"a$b","n":1})"},
           {"('a\\0b'):match('%z')", R"({"n":1})"},
           {"('hello'):gsub('l', 'L')", R"({"1":"heLLo","2":2,"n":2})"},
           {"('hello'):gsub('l', 'L', 1)", R"({"1":"heLlo","2":1,"n":2})"},
           {"('hello'):gsub('', '-')", R"({"1":"-h-e-l-l-o-","2":6,"n":2})"},
           {"('abc'):gsub('%w', '%0%0')", R"({"1":"aabbcc","2":3,"n":2})"},
           {"('a b'):gsub('(%w) (%w)', '%2 %1')", R"({"1":"b a","2":1,"n":2})"},
           {"('abc'):gsub('%w', '%%')", R"({"1":"%%%","2":3,"n":2})"},
           {"('abc'):gsub('()b', '%1')", R"({"1":"a2c","2":1,"n":2})"},
           {"('a.b'):gsub('%.', {['.'] = '!'})", R"({"1":"a!b","2":1,"n":2})"},
           {"('abc'):gsub('%w', {a = 1, b = false})",
            R"({"1":"1bc","2":3,"n":2})"},
           {"('abc'):gsub('%w', function(c) return c == 'b' and 'B' or nil "
            "end)",
            R"({"1":"aBc","2":3,"n":2})"},
           {"('abc'):gsub('^a', 'x')", R"({"1":"xbc","2":1,"n":2})"},
           {"('abc'):gsub('b*', 'x')", R"({"1":"xaxcx","2":3,"n":2})"},
           {"('x'):gsub('x', 7)", R"({"1":"7","2":1,"n":2})"}})
    CAF_CHECK_EQUAL(results(call), result);
}

CAF_TEST(gmatch walks over all matches) {
  auto all = [](const std::string& subject, const std::string& pattern,
                const std::string& more = {}) {
    return text_of("#[(function() local t = {} for a, b in ('" + subject
                   + "'):gmatch('" + pattern + "'" + more
                   + ") do t[#t + 1] = a .. (b or '') end return "
                     "table.concat(t, '|') end)()]");
  };
  CAF_CHECK_EQUAL(all("one two", "%a+"), "one|two");
  CAF_CHECK_EQUAL(all("k=v, x=y", "(%w)=(%w)"), "kv|xy");
  CAF_CHECK_EQUAL(all("abc", ""), "|||");
  CAF_CHECK_EQUAL(all("abc", "b*"), "|b|");
  CAF_CHECK_EQUAL(all("one two", "%a+", ", 4"), "two");
  CAF_CHECK_EQUAL(all("one", "%a", ", 9"), "");
}

CAF_TEST(wrong patterns are errors in the words of Lua) {
  struct row {
    const char* call;
    const char* message;
  };
  for (auto& [call, message] : std::initializer_list<row>{
           {"('a'):find('[a')", "missing ']'"},
           {"('a'):find('[a%')", "missing ']'"},
           {"('a'):find('[^')", "missing ']'"},
           {"('a'):find('%')", "ends with '%'"},
           {"('a'):find('(a')", "unfinished capture"},
           {"('a'):match('a)')", "invalid pattern capture"},
           {"('a'):find('%1')", "invalid capture index"},
           {"('a'):find('(%1)')", "invalid capture index"},
           {"('a'):find('%f')", "missing '['"},
           {"('a'):find('%b')", "missing arguments to '%b'"},
           {"('a'):find('%bx')", "missing arguments to '%b'"},
           {"('a'):gsub('a', '%2')", "invalid capture index %2"},
           {"('a'):gsub('a', '%x')", "invalid use of '%'"},
           {"('a'):gsub('a', '%')", "invalid use of '%'"},
           {"('a'):gsub('a', function() return {} end)",
            "invalid replacement value"},
           {"('a'):gsub('a')", "string/function/table expected"},
           {"('a'):find()", "string expected"},
           {"('a'):find(('()'):rep(33))", "too many captures"},
           {"(('a'):rep(500)):find(('a?'):rep(300))", "pattern too complex"}})
    CAF_CHECK(contains(results(call), message));
}
