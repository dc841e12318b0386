#define CAF_SUITE flows.program

#include <caf/test/unit_test.hpp>

#include "tests/flows/making.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

std::string problems_of(const std::vector<flow_options>& flows) {
  auto result = compile(flows);
  CAF_CHECK_EQUAL(result.value == nullptr, !result.diagnostics.empty());
  std::string text;
  for (auto& one : result.diagnostics)
    text += std::to_string(one.at.line) + ": " + one.message + "\n";
  return text;
}

step_options choose(std::vector<std::optional<std::string>> conditions) {
  choice_step form;
  for (auto& one : conditions) {
    choice_branch branch;
    if (one)
      branch.when = text(*one);
    form.branches.push_back(std::move(branch));
  }
  return make_step(std::move(form));
}

} // namespace

CAF_TEST(sound flows make a program) {
  auto result =
      compile({make_flow("a", {log("x #[payload]"), ref("b")}),
               make_flow("b", {each("#[{1}]", {send("#[vars.item + 1]")}),
                               choose({"#[true]", std::nullopt})})});
  CAF_REQUIRE(result.value != nullptr);
  CAF_CHECK(result.diagnostics.empty());
  CAF_CHECK_EQUAL(result.value->flows.size(), 2u);
  CAF_CHECK_EQUAL(result.value->flows[0].name, "a");
  CAF_CHECK_EQUAL(result.value->flows[1].steps.size(), 2u);
}

CAF_TEST(everything that is wrong is told at once) {
  auto bad = log("#[1 +]");
  std::get<log_step>(bad.form).text.at = {5, 1};
  auto nested = each("#[{}]", {raise("#[", "#[)]")});
  auto conditional = when(send("x"), "#[=]");
  auto aimed = target(send("x"), "t", "#[..]");
  auto text = problems_of(
      {make_flow("a", {bad, nested}, {conditional}), make_flow("b", {aimed})});
  CAF_CHECK(contains(text, "5: "));
  CAF_CHECK(contains(text, "never closed"));
  CAF_CHECK_EQUAL(std::count(text.begin(), text.end(), '\n'), 5);
}

CAF_TEST(references must lead somewhere and not back) {
  CAF_CHECK(contains(problems_of({make_flow("a", {ref("nowhere")})}),
                     "there is no flow `nowhere`"));
  CAF_CHECK(contains(problems_of({make_flow("a", {ref("a")})}),
                     "flow `a` would call itself"));
  CAF_CHECK(contains(
      problems_of({make_flow("a", {ref("b")}), make_flow("b", {}, {ref("c")}),
                   make_flow("c", {each("x", {ref("a")})})}),
      "flow `a` would call itself"));
  CAF_CHECK_EQUAL(problems_of({make_flow("a", {ref("b"), ref("c")}),
                               make_flow("b", {ref("c")}), make_flow("c", {})}),
                  "");
}

CAF_TEST(names are unique and schedules have a period) {
  CAF_CHECK(contains(problems_of({make_flow("a", {}), make_flow("a", {})}),
                     "the name is taken"));
  auto timed = make_flow("t", {});
  timed.source = flow_source::schedule;
  CAF_CHECK(contains(problems_of({timed}), "a schedule needs `every`"));
  timed.every = std::chrono::seconds{1};
  CAF_CHECK_EQUAL(problems_of({timed}), "");
}

CAF_TEST(a branch behind otherwise is never reached) {
  CAF_CHECK(contains(
      problems_of({make_flow("a", {choose({std::nullopt, "#[true]"})})}),
      "never reached"));
  CAF_CHECK_EQUAL(
      problems_of({make_flow("a", {choose({"#[true]", std::nullopt})})}), "");
}
