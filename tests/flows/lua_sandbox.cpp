#define CAF_SUITE flows.lua_sandbox

#include <caf/test/unit_test.hpp>

#include "tests/flows/making.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

/// Evaluates texts one after the other in one state.
class session {
public:
  explicit session(std::vector<std::string> texts) {
    lua_chunks chunks;
    diagnostics problems;
    for (auto& one : texts)
      codes_.push_back(expression::compile({one, {}}, chunks, problems));
    if (!problems.empty())
      CAF_FAIL(problems.front().message);
    lua_ = std::make_unique<lua_sandbox>(
        std::make_shared<const lua_chunks>(std::move(chunks)));
  }

  std::string run(std::size_t index) {
    try {
      return to_text(codes_[index].evaluate(in_, *lua_));
    } catch (const failure& what) {
      return "!" + what.text().message;
    }
  }

private:
  std::vector<expression> codes_;
  std::unique_ptr<lua_sandbox> lua_;
  scope in_ = make_scope(make_text("hello"));
};

} // namespace

CAF_TEST(what reaches out of an expression is not there) {
  for (std::string name : {"pcall",        "xpcall",
                           "load",         "loadstring",
                           "dofile",       "loadfile",
                           "require",      "collectgarbage",
                           "print",        "warn",
                           "coroutine",    "io",
                           "os",           "debug",
                           "package",      "setmetatable",
                           "getmetatable", "rawset",
                           "_G",           "error",
                           "string.dump",  "math.randomseed",
                           "_ENV.io",      "_ENV['_G']",
                           "table.foreach"})
    CAF_CHECK_EQUAL(text_of("#[type(" + name + ")]"), "nil");
}

CAF_TEST(the libraries are there) {
  for (std::string name :
       {"assert",       "ipairs",          "next",          "pairs",
        "rawequal",     "rawget",          "rawlen",        "select",
        "tonumber",     "tostring",        "type",          "string.byte",
        "string.char",  "string.find",     "string.format", "string.gmatch",
        "string.gsub",  "string.len",      "string.lower",  "string.match",
        "string.pack",  "string.packsize", "string.rep",    "string.reverse",
        "string.sub",   "string.unpack",   "string.upper",  "table.concat",
        "table.insert", "table.move",      "table.pack",    "table.remove",
        "table.sort",   "table.unpack",    "math.floor",    "math.max",
        "math.random",  "math.ult",        "utf8.char",     "utf8.codepoint",
        "utf8.codes",   "utf8.len",        "utf8.offset"})
    CAF_CHECK_EQUAL(text_of("#[type(" + name + ")]"), "function");
  struct row {
    const char* code;
    const char* result;
  };
  for (auto& [code, result] : std::initializer_list<row>{
           {"table.concat({1, 2, 3}, '-')", "1-2-3"},
           {"table.concat({1, 2, 3}, '-', 2)", "2-3"},
           {"(function() local t = {3, 1, 2} table.sort(t) return t end)()",
            "[1,2,3]"},
           {"(function() local t = {1} table.insert(t, 1, 0) return t end)()",
            "[0,1]"},
           {"(function() local t = {1, 2} return table.remove(t, 1) end)()",
            "1"},
           {"table.move({1, 2}, 1, 2, 2)", "[1,1,2]"},
           {"select(2, table.unpack({1, 2, 3}))", "2"},
           {"('ab'):rep(2, ',')", "ab,ab"},
           {"(''):rep(1000)", ""},
           {"string.format('%05.1f|%s|%q', 2.25, {} ~= nil, 'x')",
            "002.2|true|\"x\""},
           {"utf8.len('grün')", "4"},
           {"tonumber('0x10')", "16"},
           {"math.type(1)", "integer"},
           {"math.tointeger(3.0)", "3"},
           {"#utf8.charpattern > 0", "true"},
           {"_VERSION", "Lua 5.4"}})
    CAF_CHECK_EQUAL(text_of(std::string{"#["} + code + "]"), result);
}

CAF_TEST(nothing one evaluation does is seen by another) {
  session lua{{"#[(function() x = 1 _ENV.y = 2 return x + y end)()]",
               "#[tostring(x) .. tostring(y)]",
               "#[(function() payload = 'other' vars.z = 1 return payload "
               "end)()]",
               "#[payload .. tostring(vars.z)]",
               "#[(function() type = nil return 1 end)()]", "#[type(type)]"}};
  CAF_CHECK_EQUAL(lua.run(0), "3");
  CAF_CHECK_EQUAL(lua.run(1), "nilnil");
  CAF_CHECK_EQUAL(lua.run(0), "3");
  CAF_CHECK_EQUAL(lua.run(2), "other");
  CAF_CHECK_EQUAL(lua.run(3), "hellonil");
  CAF_CHECK_EQUAL(lua.run(4), "1");
  CAF_CHECK_EQUAL(lua.run(5), "function");
}

CAF_TEST(libraries cannot be changed) {
  session lua{
      {"#[(function() string.upper = nil end)()]",
       "#[(function() string.new = 1 end)()]",
       "#[(function() table.insert(table, 1) end)()]",
       "#[(function() table.move({1}, 1, 1, 1, math) end)()]",
       "#[(function() ('x').upper = nil end)()]",
       "#[(function() for k in pairs(string) do string[k] = nil end return "
       "'none' "
       "end)()]",
       "#[(function() table.sort(string) return 'none' end)()]",
       "#[('x'):upper() .. string.upper('y') .. tostring(string.new)]"}};
  for (std::size_t i = 0; i < 5; ++i)
    CAF_CHECK_EQUAL(lua.run(i).substr(0, 1), "!");
  CAF_CHECK(contains(lua.run(0), "libraries cannot be changed"));
  // A read-only table looks empty from outside.
  CAF_CHECK_EQUAL(lua.run(5), "none");
  CAF_CHECK_EQUAL(lua.run(6), "none");
  CAF_CHECK_EQUAL(lua.run(7), "XYnil");
}

CAF_TEST(binary chunks and other statements do not get in) {
  CAF_CHECK_EQUAL(text_of("#[1 end; os = 1]").substr(0, 1), "!");
  CAF_CHECK_EQUAL(text_of("#[goto x]").substr(0, 1), "!");
}

CAF_TEST(errors of any kind end the evaluation and no more) {
  session lua{{"#[assert(false, {})]", "#[assert(nil)]",
               "#[assert(1 == 2, "
               "'why not')]",
               "#[nil + 1]", "#[1 + 1]"}};
  CAF_CHECK(contains(lua.run(0), "a table was raised as an error"));
  CAF_CHECK(contains(lua.run(1), "assertion failed!"));
  CAF_CHECK(contains(lua.run(2), "why not"));
  CAF_CHECK(contains(lua.run(3), "arithmetic on a nil value"));
  CAF_CHECK_EQUAL(lua.run(4), "2");
}
