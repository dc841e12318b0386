#define CAF_SUITE flows.lua_limits

#include <chrono>

#include <caf/test/unit_test.hpp>

#include "tests/flows/making.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

/// Runs a hostile expression, then a harmless one in the same sandbox.
/// @returns the first one's message.
std::string attack(const std::string& code, const lua_limits& limits = {}) {
  lua_chunks chunks;
  diagnostics problems;
  auto bad = expression::compile({"#[" + code + "]", {}}, chunks, problems);
  auto good = expression::compile({"#[#payload + 1]", {}}, chunks, problems);
  if (!problems.empty())
    CAF_FAIL(code << ": " << problems.front().message);
  lua_sandbox lua{std::make_shared<const lua_chunks>(std::move(chunks)),
                  limits};
  auto in = make_scope(make_text("hello"));
  std::string result;
  for (int round = 0; round < 2; ++round) {
    auto start = std::chrono::steady_clock::now();
    try {
      bad.evaluate(in, lua);
      CAF_ERROR("no failure: " << code);
    } catch (const failure& what) {
      result = what.text().message;
    }
    auto took = std::chrono::steady_clock::now() - start;
    // Unlimited, each of them would run for hours.
    if (took > std::chrono::seconds{20})
      CAF_ERROR("took too long: " << code);
    CAF_CHECK_EQUAL(to_text(good.evaluate(in, lua)), "6");
  }
  return result;
}

std::string body(const std::string& code) {
  return "(function() " + code + " end)()";
}

} // namespace

CAF_TEST(an expression that loops is ended) {
  for (auto& code :
       {body("while true do end"), body("repeat until false"),
        body("for i = 1, 1e15 do end"), body("::x:: goto x"),
        body("local function f() return f() end return f()"),
        std::string{"('x'):gsub('x', function() while true do end end)"},
        body("table.sort({3, 2, 1}, function() while true do end end)")})
    CAF_CHECK(contains(attack(code), "1000000 instructions"));
}

CAF_TEST(an expression that allocates without end is ended) {
  for (auto& code : {body("local t = {} for i = 1, 1e9 do t[i] = i end"),
                     body("local s = 'x' while true do s = s .. s end"),
                     std::string{"('x'):rep(1e9)"},
                     body("local t = {} while true do t = {t} end"),
                     std::string{"string.pack('c1000000000', 'x')"}}) {
    auto text = attack(code);
    CAF_CHECK(contains(text, "bytes of memory")
              || contains(text, "1000000 instructions"));
  }
  lua_limits generous;
  generous.instructions = 1'000'000'000;
  CAF_CHECK(contains(attack("('x'):rep(1e9)", generous), "bytes of memory"));
}

CAF_TEST(garbage is no reason to end an expression) {
  auto code = "#["
              + body("local n = 0 for i = 1, 60 do n = n + "
                     "#('x'):rep(100000) end return n")
              + "]";
  CAF_CHECK_EQUAL(text_of(code), "6000000");
}

CAF_TEST(recursion without end is ended) {
  for (auto& code :
       {body("local function f() return 1 + f() end return f()"),
        body("local function f(s) return s:gsub('.', f) end return f('x')"),
        body("local t = {} for i = 1, 1e5 do t = {t} end return t")})
    CAF_CHECK(!attack(code).empty());
}

CAF_TEST(library functions cannot be made to run for ever) {
  lua_limits limits;
  limits.cpu = std::chrono::milliseconds{200};
  for (auto& code :
       {std::string{"(''):rep(1e15)"}, std::string{"(''):rep(1e15, '')"},
        std::string{"table.move({}, 1, 1e15, 2)"},
        std::string{"table.move({}, -9e15 // 1 | 0, 1, 2)"},
        std::string{"table.unpack({}, 1, 1e7)"},
        std::string{"table.concat({}, '', 1, 1e15)"},
        body("local s = ('a'):rep(2^22) local t = ('a'):rep(2^22) while s == "
             "t do end"),
        body("local t = {} for i = 1, 50000 do t[i] = i end while true do "
             "table.sort(t) end"),
        body("local t = {} for i = 1, 50000 do t[i] = i end while true do "
             "table.insert(t, 1, table.remove(t, 1)) end"),
        body("local s = ('a'):rep(2^20) while true do utf8.len(s) end"),
        body("local s = ('a'):rep(2^20) while true do s:find('b', 1, true) "
             "end")})
    CAF_CHECK(!attack(code, limits).empty());
}

CAF_TEST(patterns that explode are ended) {
  lua_limits limits;
  limits.instructions = 100'000;
  for (auto& code :
       {std::string{"(('a'):rep(30)):match(('a?'):rep(30) .. ('a'):rep(30))"},
        std::string{"(('a'):rep(3000)):find('.-.-.-.-b')"},
        std::string{"(('a'):rep(100000)):find('.*.*b')"},
        std::string{"(('a'):rep(3000)):gsub('.-.-.-.-b', '')"},
        body("for x in (('a'):rep(3000)):gmatch('.-.-.-.-b') do end"),
        std::string{"(('('):rep(200000)):find('%b()')"},
        std::string{"(('a'):rep(100000)):find('[' .. ('b'):rep(10000) .. "
                    "']')"}})
    CAF_CHECK(contains(attack(code, limits), "than 100000 instructions"));
}

CAF_TEST(a large but sound text can be searched) {
  auto in = make_scope(make_text(std::string(1024 * 1024, 'a') + "b"));
  CAF_CHECK_EQUAL(text_of("#[(payload:find('b'))]", in), "1048577");
  CAF_CHECK_EQUAL(text_of("#[(payload:find('b$'))]", in), "1048577");
  CAF_CHECK_EQUAL(text_of("#[#payload:match('a+')]", in), "1048576");
}

CAF_TEST(the processor limit catches what is not counted) {
  lua_limits limits;
  limits.instructions = 1'000'000'000'000;
  limits.cpu = std::chrono::milliseconds{50};
  CAF_CHECK(
      contains(attack(body("while true do end"), limits), "50 ms of CPU"));
}

CAF_TEST(a payload that does not fit is an error) {
  std::string json = "[";
  for (int i = 0; i < 300'000; ++i)
    json += "{},";
  json += "0]";
  auto in = make_scope(make_json(json));
  CAF_CHECK(contains(text_of("#[#payload]", in), "of memory"));
  // What needs no Lua still works.
  CAF_CHECK_EQUAL(text_of("#[payload[300001]]", in), "0");
}
