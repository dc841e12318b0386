#define CAF_SUITE flows.flow_run

#include <caf/test/unit_test.hpp>

#include "flows/flow_run.hpp"
#include "tests/flows/making.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

/// Runs the first of some flows; operations are answered from `answers`, in
/// order, then with nil.
class harness {
public:
  explicit harness(std::vector<flow_options> flows) {
    auto result = compile(flows);
    if (!result.value)
      CAF_FAIL(result.diagnostics.front().message);
    code_ = result.value;
    lua_ = std::make_unique<lua_sandbox>(code_->chunks);
    log_ = {[this](const flow_run&, std::string text) {
              logged.push_back(std::move(text));
            },
            [this] {
              return log_wanted;
            }};
    run = std::make_unique<flow_run>(*code_, *lua_, log_);
  }

  /// @returns `ok`, or `TYPE: message`.
  std::string go(value content = make_text("hello")) {
    return go(make_scope(std::move(content)));
  }

  std::string go(scope in) {
    run->begin(code_->flows.front(), std::move(in), nullptr);
    for (;;) {
      auto state = run->resume();
      if (state == flow_run::progress::done)
        break;
      if (state == flow_run::progress::paused) {
        ++pauses;
        continue;
      }
      last.push_back(run->ends_with_pending());
      asked.push_back(std::move(run->pending()));
      if (next == answers.size()) {
        run->answer({});
      } else if (auto error = std::get_if<error_text>(&answers[next++])) {
        run->fail(*error);
      } else {
        run->answer(std::get<value>(answers[next - 1]));
      }
    }
    auto& error = run->error();
    return error ? error->type + ": " + error->message : "ok";
  }

  std::string var(std::string_view name) const {
    auto found = run->vars().find(name);
    return found != nullptr ? to_text(*found) : "(none)";
  }

  std::vector<std::string> logged;
  bool log_wanted = true;
  std::vector<operation> asked;
  /// For each of them, whether the run told that nothing follows it.
  std::vector<bool> last;
  std::vector<std::variant<value, error_text>> answers;
  std::unique_ptr<flow_run> run;
  int pauses = 0;

private:
  std::shared_ptr<const program> code_;
  std::unique_ptr<lua_sandbox> lua_;
  flow_run::log_function log_;
  std::size_t next = 0;
};

error_text lost() {
  return {"WEBSOCKET:CONNECTIVITY", "s1 is lost"};
}

std::string join(const std::vector<std::string>& texts) {
  std::string result;
  for (auto& one : texts)
    result += (result.empty() ? "" : "|") + one;
  return result;
}

template <class T>
const T& as(const operation& what) {
  auto found = std::get_if<T>(&what);
  if (found == nullptr)
    CAF_FAIL("another operation: " << what.index());
  return *found;
}

step_options broadcast(template_list groups = {}) {
  broadcast_step form;
  form.path = text("/#[attributes.uri_params.name]");
  form.groups = std::move(groups);
  form.content = text("all");
  return make_step(std::move(form));
}

} // namespace

CAF_TEST(variables and log lines follow the steps) {
  harness it{
      {make_flow("f", {set("x", "#[1 + 1]"), log("x is #[vars.x]"),
                       set("x", "#[nil]"), log("now #[vars.x == nil]")})}};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "x is 2|now true");
  CAF_CHECK_EQUAL(it.var("x"), "(none)");
}

CAF_TEST(when decides over any step) {
  harness it{{make_flow("f", {when(log("a"), "#[payload == 'hello']"),
                              when(log("b"), "#[payload == 'bye']"),
                              when(raise("X", "y"), "#[nil]"),
                              when(log("c"), "#[0]")})}};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "a|c");
}

CAF_TEST(a send defaults to the socket and the payload of the event) {
  send_step form;
  auto binary = send("x");
  std::get<send_step>(binary.form).binary = true;
  auto other = send("to #[payload]");
  std::get<send_step>(other.form).socket_id = text("other");
  std::get<send_step>(other.form).config = text("elsewhere");
  harness it{{make_flow("f", {make_step(form), binary, other})}};
  CAF_CHECK_EQUAL(it.go(make_text("\xFF", true)),
                  "SWITCHBOARD:EXPRESSION: flow "
                  "f: the content goes as text "
                  "but is not UTF-8; send it "
                  "with `binary = true`");
  CAF_REQUIRE_EQUAL(it.asked.size(), 2u);
  auto& first = as<send_request>(it.asked[0]);
  CAF_CHECK_EQUAL(first.socket_id, "s1");
  CAF_CHECK_EQUAL(first.config, "main");
  CAF_CHECK_EQUAL(first.content.view(), "\xFF");
  CAF_CHECK(first.content.binary());
  CAF_CHECK(as<send_request>(it.asked[1]).content.binary());
  it.asked.clear();
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_REQUIRE_EQUAL(it.asked.size(), 3u);
  CAF_CHECK(!as<send_request>(it.asked[0]).content.binary());
  CAF_CHECK_EQUAL(as<send_request>(it.asked[2]).socket_id, "other");
  CAF_CHECK_EQUAL(as<send_request>(it.asked[2]).config, "elsewhere");
  CAF_CHECK_EQUAL(as<send_request>(it.asked[2]).content.view(), "to hello");
}

CAF_TEST(without a socket a send must say whom) {
  harness it{{make_flow("f", {send("x")})}};
  CAF_CHECK_EQUAL(it.go(scope{std::string{}, {}, {}, {}}),
                  "SWITCHBOARD:INVALID_ARGUMENT: socket_id is missing, and the "
                  "event has no socket");
}

CAF_TEST(the other operations carry their parameters) {
  close_socket_step close;
  close.close_code = text("#[4000 + 1]");
  close.reason = text("bye #[payload]");
  bulk_close_sockets_step bulk;
  bulk.socket_type = text("INBOUND");
  bulk.path = text("/a/*");
  bulk.close_code = text("ENDPOINT_GOING_DOWN");
  subscribe_groups_step subscribe;
  subscribe.groups = {
      {text("a"), text("#[attributes.uri_params.name]"), text("#[{'x', 'y'}]")},
      false};
  unsubscribe_groups_step unsubscribe;
  unsubscribe.groups = {{text("#[attributes.groups]")}, true};
  unsubscribe.socket_id = text("other");
  harness it{
      {make_flow("f", {make_step(close), make_step(bulk), make_step(subscribe),
                       make_step(unsubscribe), broadcast()})}};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_REQUIRE_EQUAL(it.asked.size(), 5u);
  auto& first = as<close_request>(it.asked[0]);
  CAF_CHECK_EQUAL(first.socket_id, "s1");
  CAF_CHECK_EQUAL(first.code, 4001);
  CAF_CHECK_EQUAL(first.reason, "bye hello");
  auto& second = as<bulk_close_request>(it.asked[1]);
  CAF_CHECK(second.to.type == socket_type_filter::inbound);
  CAF_CHECK_EQUAL(second.to.path, "/a/*");
  CAF_CHECK_EQUAL(second.to.config, "main");
  CAF_CHECK_EQUAL(second.code, 1001);
  CAF_CHECK_EQUAL(join(as<subscribe_groups_request>(it.asked[2]).groups),
                  "a|lobby|x|y");
  auto& fourth = as<unsubscribe_groups_request>(it.asked[3]);
  CAF_CHECK_EQUAL(join(fourth.groups), "a|b");
  CAF_CHECK_EQUAL(fourth.socket_id, "other");
  auto& fifth = as<broadcast_request>(it.asked[4]);
  CAF_CHECK_EQUAL(fifth.to.path, "/lobby");
  CAF_CHECK(fifth.to.groups.empty());
  CAF_CHECK(fifth.to.type == socket_type_filter::all);
  CAF_CHECK_EQUAL(fifth.content.view(), "all");
}

CAF_TEST(wrong parameters are errors of the caller) {
  close_socket_step close;
  close.close_code = text("#[payload]");
  harness codes{{make_flow("f", {make_step(close)})}};
  for (auto code : {"hello", "1005", "1006", "999", "5000", ""})
    CAF_CHECK(contains(codes.go(make_text(code)),
                       "SWITCHBOARD:INVALID_ARGUMENT: close_code is"));
  CAF_CHECK_EQUAL(codes.go(make_text("3000")), "ok");
  broadcast_step cast;
  cast.socket_type = text("#[payload]");
  harness types{{make_flow("f", {make_step(cast)})}};
  CAF_CHECK(contains(types.go(), "INVALID_ARGUMENT: socket_type is `hello`"));
  CAF_CHECK_EQUAL(types.go(make_text("OUTBOUND")), "ok");
}

CAF_TEST(a computed list of no groups reaches nobody) {
  harness it{{make_flow("f", {target(broadcast({{text("#[{}]")}, true}), "r"),
                              broadcast({{text("#[vars.absent]")}, true})})}};
  CAF_CHECK_EQUAL(it.go(), "SWITCHBOARD:INVALID_ARGUMENT: groups is nil, "
                           "expected a list of names");
  CAF_CHECK(it.asked.empty());
  CAF_CHECK_EQUAL(it.var("r"), R"({"matched":0,"failures":[]})");
}

CAF_TEST(the output goes to target and nowhere else) {
  auto output = [] {
    broadcast_result result;
    result.matched = 3;
    result.failures.push_back({"s9",
                               socket_type::outbound,
                               "ws://h/p",
                               "WEBSOCKET:CONNECTIVITY",
                               "gone",
                               {}});
    return to_value(result);
  };
  harness it{{make_flow(
      "f", {broadcast(), target(broadcast(), "raw"),
            target(broadcast(), "n", "#[#payload.failures]"),
            target(broadcast(), "t", "#[payload.matched] of #[vars.n]"),
            target(send("x"), "raw2"), log("#[payload]"),
            target(set("a", "1"), "b", "#[payload == nil]")})}};
  it.answers = {output(), output(), output(), output()};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(it.var("raw"),
                  R"({"matched":3,"failures":[{"socket_id":"s9",)"
                  R"("type":"OUTBOUND","uri":"ws://h/p","error_type":)"
                  R"("WEBSOCKET:CONNECTIVITY","error_message":"gone"}]})");
  CAF_CHECK_EQUAL(it.var("n"), "1");
  CAF_CHECK_EQUAL(it.var("t"), "3 of 1");
  CAF_CHECK_EQUAL(it.var("raw2"), "(none)");
  CAF_CHECK_EQUAL(it.var("b"), "true");
  CAF_CHECK_EQUAL(join(it.logged), "hello");
}

CAF_TEST(a target value that fails leaves the payload as it was) {
  harness it{{make_flow("f", {target(broadcast(), "n", "#[payload.x.y]")},
                        {log("#[payload] #[error.type]")})}};
  it.answers = {to_value(broadcast_result{})};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "hello SWITCHBOARD:EXPRESSION");
}

CAF_TEST(a choice takes the first branch that holds) {
  choice_step form;
  form.branches.push_back({text("#[payload == 'a']"), {log("first")}});
  form.branches.push_back({text("#[payload < 'c']"), {log("second")}});
  form.branches.push_back({std::nullopt, {log("other"), log("wise")}});
  auto closed = form;
  closed.branches.pop_back();
  harness it{
      {make_flow("f", {make_step(form), make_step(closed), log("end")})}};
  for (auto content : {"a", "b", "x"})
    CAF_CHECK_EQUAL(it.go(make_text(content)), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "first|first|end|second|second|end|other|"
                                   "wise|end");
}

CAF_TEST(loops nest and restore what they hide) {
  harness it{{make_flow(
      "f", {set("item", "mine"),
            each("#[payload.list]",
                 {each("#[vars.item]", {log("#[vars.index]=#[vars.item]")}),
                  log("#[vars.index]")}),
            log("#[vars.item] #[vars.index]")})}};
  CAF_CHECK_EQUAL(it.go(make_json(R"({"list":[["a","b"],[],["c"]]})")), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "1=a|2=b|1|2|1=c|3|mine ");
}

CAF_TEST(a loop takes lists only) {
  harness it{{make_flow("f", {each("#[payload]", {log("#[vars.item]")})})}};
  CAF_CHECK_EQUAL(it.go(make_json("[1,{\"a\":2},null]")), "ok");
  CAF_CHECK_EQUAL(it.go(make_json("null")), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "1|{\"a\":2}|");
  CAF_CHECK(contains(it.go(make_json("{\"a\":1}")), "expected a list"));
  CAF_CHECK(contains(it.go(make_text("[1]")),
                     "for_each: items is the payload, expected a list"));
}

CAF_TEST(a loop with operations goes on after each answer) {
  harness it{{make_flow("f", {each("#[{1, 2, 3}]", {send("#[vars.item]"),
                                                    log("#[vars.index]")})})}};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_REQUIRE_EQUAL(it.asked.size(), 3u);
  CAF_CHECK_EQUAL(as<send_request>(it.asked[2]).content.view(), "3");
  CAF_CHECK_EQUAL(join(it.logged), "1|2|3");
}

CAF_TEST(a long loop makes pauses) {
  harness it{{make_flow(
      "f", {each("#[(function() local t = {} for i = 1, 2000 do t[i] = i end "
                 "return t end)()]",
                 {set("n", "#[vars.index]")})})}};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(it.var("n"), "2000");
  CAF_CHECK(it.pauses >= 7);
}

CAF_TEST(a called flow shares the variables and its caller goes on) {
  harness it{{make_flow("f", {set("x", "1"), ref("g"), log("#[vars.y]")}),
              make_flow("g", {set("y", "#[vars.x .. '2']"), ref("h")}),
              make_flow("h", {log("in h")})}};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "in h|12");
}

CAF_TEST(on_error takes care of what fails) {
  harness it{{make_flow("f", {send("x"), log("not reached")},
                        {log("#[error.type] #[error.message] #[payload]")})}};
  it.answers = {lost()};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "WEBSOCKET:CONNECTIVITY s1 is lost hello");
  CAF_CHECK_EQUAL(it.go(), "ok");
}

CAF_TEST(without on_error the flow fails) {
  harness it{{make_flow("f", {send("x"), log("not reached")})}};
  it.answers = {lost()};
  CAF_CHECK_EQUAL(it.go(), "WEBSOCKET:CONNECTIVITY: s1 is lost");
  CAF_CHECK(it.logged.empty());
}

CAF_TEST(an error inside on_error is the flows failure) {
  harness it{{make_flow("f", {raise("APP:FIRST", "#[payload]")},
                        {raise("APP:SECOND", "after #[error.type]")})}};
  CAF_CHECK_EQUAL(it.go(), "APP:SECOND: after APP:FIRST");
}

CAF_TEST(operations inside on_error wait for their answers) {
  harness it{
      {make_flow("f", {raise("APP:X", "y")},
                 {send("sorry: #[error.message]"), log("#[error.message]")})}};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(as<send_request>(it.asked.at(0)).content.view(), "sorry: y");
  CAF_CHECK_EQUAL(join(it.logged), "y");
}

CAF_TEST(the nearest on_error of called flows is taken) {
  harness it{
      {make_flow("f", {each("#[{1, 2}]", {ref("g")}), log("#[vars.item]")},
                 {log("f: #[error.message]")}),
       make_flow("g", {ref("h"), log("not reached")},
                 {log("g: #[error.message]"),
                  when(raise("B", "again"), "#[vars.item == 2]")}),
       make_flow("h", {each("#[{7}]", {raise("A", "#[vars.item]")})})}};
  CAF_CHECK_EQUAL(it.go(), "ok");
  CAF_CHECK_EQUAL(join(it.logged), "g: 7|g: 7|f: again");
  CAF_CHECK_EQUAL(it.var("item"), "(none)");
}

CAF_TEST(a failed expression names flow and line) {
  auto bad = log("#[payload.x.y]");
  std::get<log_step>(bad.form).text.at = {31, 9};
  harness it{{make_flow("f", {ref("g")}), make_flow("g", {bad})}};
  auto text = it.go();
  CAF_CHECK(contains(text, "SWITCHBOARD:EXPRESSION: flow g, line 31: attempt "
                           "to index a nil value"));
}

CAF_TEST(a log step that nobody reads is not evaluated) {
  harness it{{make_flow("f", {log("#[payload.x.y]")})}};
  it.log_wanted = false;
  CAF_CHECK_EQUAL(it.go(), "ok");
  it.log_wanted = true;
  CAF_CHECK(it.go() != "ok");
  CAF_CHECK(it.logged.empty());
}

CAF_TEST(a closed event has the outcome as its payload) {
  harness it{{make_flow("f", {log("#[payload.code] #[payload.code_number] "
                                  "#[payload.clean] #[payload.reason]"),
                              log("#[payload]")})}};
  CAF_CHECK_EQUAL(it.go(to_value(close_outcome{1000, "bye", true})), "ok");
  CAF_CHECK_EQUAL(it.go(to_value(close_outcome{4001, "", false})), "ok");
  CAF_CHECK_EQUAL(
      join(it.logged),
      R"(NORMAL_CLOSURE 1000 true bye|{"code":"NORMAL_CLOSURE","reason":"bye",)"
      R"("clean":true,"code_number":1000}|4001 4001 false |)"
      R"({"code":4001,"reason":"","clean":false,"code_number":4001})");
}

CAF_TEST(a run knows when nothing follows an operation) {
  struct row {
    const char* what;
    std::vector<flow_options> flows;
    std::vector<bool> last;
  };
  std::vector<row> rows;
  auto add = [&](const char* what, std::vector<flow_options> flows,
                 std::vector<bool> last) {
    rows.push_back({what, std::move(flows), std::move(last)});
  };
  add("the only step", {make_flow("f", {send("x")})}, {true});
  add("two", {make_flow("f", {send("x"), send("y")})}, {false, true});
  add("a step behind it", {make_flow("f", {send("x"), log("y")})}, {false});
  add("its output is kept", {make_flow("f", {target(send("x"), "v")})},
      {false});
  add("its failure is handled", {make_flow("f", {send("x")}, {log("y")})},
      {false});
  add("a loop", {make_flow("f", {each("#[{1, 2}]", {send("x")})})},
      {false, true});
  add("a called flow",
      {make_flow("f", {ref("g")}), make_flow("g", {send("x")})}, {true});
  add("a caller that goes on",
      {make_flow("f", {ref("g"), log("y")}), make_flow("g", {send("x")})},
      {false});
  add("a caller that handles failures",
      {make_flow("f", {ref("g")}, {log("y")}), make_flow("g", {send("x")})},
      {false});
  for (auto& row : rows) {
    CAF_MESSAGE(row.what);
    harness runs{row.flows};
    CAF_CHECK_EQUAL(runs.go(), "ok");
    CAF_CHECK(runs.last == row.last);
  }
}
