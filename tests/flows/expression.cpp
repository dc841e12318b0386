#define CAF_SUITE flows.expression

#include <caf/test/unit_test.hpp>

#include "tests/flows/making.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

diagnostics problems_of(std::string text, source_place at) {
  lua_chunks chunks;
  diagnostics result;
  expression::compile({std::move(text), at}, chunks, result);
  return result;
}

bool is_refused(const value& content, std::optional<bool> binary) {
  try {
    to_payload(content, binary);
    return false;
  } catch (const failure&) {
    return true;
  }
}

} // namespace

CAF_TEST(a text yields what its parts say) {
  struct row {
    const char* text;
    const char* result;
  };
  auto in = make_scope(make_json(R"({"id":7,"list":[1,2]})"));
  in.vars.set("name", std::string{"ann"});
  for (auto& [text, result] : std::initializer_list<row>{
           {"", ""},
           {"plain # text [x]", "plain # text [x]"},
           {"#[1 + 1]", "2"},
           {"#[7 // 2] and #[7 / 2]", "3 and 3.5"},
           {"#[4 / 2]", "2"},
           {"#[2^53]", "9007199254740992"},
           {"<#[nil]>", "<>"},
           {"<#[payload.absent]>", "<>"},
           {"#[true]#[1 == 2]", "truefalse"},
           {"hi #[vars.name]!", "hi ann!"},
           {"#[('x'):rep(3) .. vars.name:upper()]", "xxxANN"},
           {"#[payload.list[#payload.list]]", "2"},
           {"#[ ']' ]#[ [[ ] ]] ]", "] ] "},
           {"#[payload]", R"({"id":7,"list":[1,2]})"},
           {"#[{1, 2, 3}]", "[1,2,3]"},
           {"#[{1, nil, 3}]", "[1,null,3]"},
           {"#[{}]", "{}"},
           {"#[{b = 1, a = {x = 'y'}, [10] = true}]",
            R"({"10":true,"a":{"x":"y"},"b":1})"},
           {"#[{[1000] = 1}]", R"({"1000":1})"},
           {"#[{1.5, 2.0}]", "[1.5,2]"},
           {"#[select('#', 1, 2)]", "2"},
           {"#[(function() local n = 0 for i = 1, 3 do n = n + i end return n "
            "end)()]",
            "6"},
           {"#[1 -- a comment]\n]", "1"}})
    CAF_CHECK_EQUAL(text_of(text, in), result);
}

CAF_TEST(a single expression keeps its type) {
  auto in = make_scope(make_text("x"));
  CAF_CHECK(std::holds_alternative<std::int64_t>(evaluate("#[1]", in)));
  CAF_CHECK(std::holds_alternative<double>(evaluate("#[1.0]", in)));
  CAF_CHECK(std::holds_alternative<bool>(evaluate("#[not nil]", in)));
  CAF_CHECK(std::holds_alternative<json_ref>(evaluate("#[{1}]", in)));
  CAF_CHECK(is_nil(evaluate("#[nil]", in)));
  CAF_CHECK(std::holds_alternative<std::string>(evaluate(" #[1]", in)));
}

CAF_TEST(lists stay lists when Lua hands them back) {
  auto in = make_scope(make_json(R"({"empty":[],"map":{}})"));
  CAF_CHECK_EQUAL(text_of("#[{x = payload.empty, y = payload.map}]", in),
                  R"({"x":[],"y":{}})");
}

CAF_TEST(the payload goes through unchanged) {
  auto bytes = std::make_shared<const std::string>("\xFF\x01");
  value content = std::make_shared<const document>(payload{bytes, true}, false);
  auto in = make_scope(content);
  auto same = to_payload(evaluate("#[payload]", in), std::nullopt);
  CAF_CHECK(same.storage() == bytes);
  CAF_CHECK(same.binary());
  // Through Lua it is a string, and goes as text.
  CAF_CHECK(is_refused(evaluate("#[payload .. '']", in), std::nullopt));
  CAF_CHECK(is_refused(content, false));
  CAF_CHECK(to_payload(evaluate("#[payload .. '']", in), true).binary());
}

CAF_TEST(truth is as in Lua) {
  auto holds = [](std::string text, value content = make_text("x")) {
    return is_truthy(evaluate(std::move(text), make_scope(std::move(content))));
  };
  CAF_CHECK(!holds("#[nil]"));
  CAF_CHECK(!holds("#[false]"));
  for (auto text : {"#[true]", "#[0]", "#['']", "#[{}]", "constant", ""})
    CAF_CHECK(holds(text));
  CAF_CHECK(holds("#[payload]", make_json("0")));
  CAF_CHECK(!holds("#[payload]", make_json("false")));
  CAF_CHECK(!holds("#[payload]", make_json("null")));
  CAF_CHECK(holds("#[payload]", make_text("false")));
}

CAF_TEST(what cannot leave Lua is an error) {
  for (std::string text :
       {"#[print]x#[string.upper]", "#[function() end]", "#[{string.upper}]",
        "#[{[true] = 1}]",
        "#[(function() local t = {} t.t = t return t end)()]",
        "#[(function() local t = {} for i = 1, 40 do t = {t, t} end return t "
        "end)()]"})
    CAF_CHECK_EQUAL(text_of(text).substr(0, 1), "!");
}

CAF_TEST(a mistake is told at load with the line it stands in) {
  auto wrong = problems_of("#[1 +]", {12, 7});
  CAF_REQUIRE_EQUAL(wrong.size(), 1u);
  CAF_CHECK_EQUAL(wrong[0].at.line, 12u);
  CAF_CHECK_EQUAL(wrong[0].at.column, 7u);
  CAF_CHECK(contains(wrong[0].message, "unexpected symbol near"));
  wrong = problems_of("text\n#[1]\n#[\n1 +\n* 2]", {12, 7});
  CAF_REQUIRE_EQUAL(wrong.size(), 1u);
  CAF_CHECK_EQUAL(wrong[0].at.line, 16u);
  wrong = problems_of("a #[payload", {3, 1});
  CAF_REQUIRE_EQUAL(wrong.size(), 1u);
  CAF_CHECK(contains(wrong[0].message, "never closed"));
  CAF_CHECK_EQUAL(problems_of("#[ ]", {}).size(), 1u);
  CAF_CHECK_EQUAL(problems_of("#[payload.end]", {}).size(), 1u);
  CAF_CHECK_EQUAL(problems_of("#[1 +] #[2 +] #[3]", {}).size(), 2u);
  CAF_CHECK_EQUAL(problems_of("#[1; x = 2]", {}).size(), 1u);
  CAF_CHECK_EQUAL(problems_of("\xFF", {}).size(), 1u);
  CAF_CHECK_EQUAL(problems_of("#['\x1bLua']", {}).size(), 0u);
}

CAF_TEST(a failure at run time names line and expression) {
  lua_chunks chunks;
  diagnostics problems;
  auto code =
      expression::compile({"a\n#[payload\n  .x.y]", {20, 3}}, chunks, problems);
  lua_sandbox lua{std::make_shared<const lua_chunks>(std::move(chunks))};
  try {
    code.evaluate(make_scope(make_text("t")), lua);
    CAF_FAIL("it did not fail");
  } catch (const failure& what) {
    CAF_CHECK_EQUAL(what.text().type, "SWITCHBOARD:EXPRESSION");
    CAF_CHECK_EQUAL(what.line(), 22u);
    CAF_CHECK(contains(what.text().message, "attempt to index a nil value"));
    CAF_CHECK(contains(what.text().message, "#[payload   .x.y]"));
  }
}
