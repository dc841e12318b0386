#define CAF_SUITE config.steps

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

/// The one step of a flow without a source, and what goes with it.
step_options step_of(std::string_view step) {
  auto read = good(with("[[flow]]\nname = \"f\"\nsteps = [ " + std::string{step}
                        + " ]\n[[flow]]\nname = \"other\"\n"));
  CAF_REQUIRE_EQUAL(read.flows.at(0).steps.size(), 1u);
  return read.flows[0].steps[0];
}

template <class Step>
Step form_of(std::string_view step) {
  auto read = step_of(step);
  auto* form = std::get_if<Step>(&read.form);
  CAF_REQUIRE(form != nullptr);
  return std::move(*form);
}

/// Steps begin at column 11.
void check_steps(std::initializer_list<row> rows) {
  for (auto& [step, expected] : rows)
    check_rows(with("[[flow]]\nname = \"f\"\n"),
               {{"steps = [ " + std::string{step} + " ]", expected}});
}

} // namespace

CAF_TEST(the six operations are read) {
  auto send = form_of<send_step>(
      R"({ send = { config = "chat", socket_id = "#[vars.id]", content = "hi #[payload]", binary = true } })");
  CAF_CHECK_EQUAL(send.config->text, "chat");
  CAF_CHECK_EQUAL(send.socket_id->text, "#[vars.id]");
  CAF_CHECK_EQUAL(send.content->text, "hi #[payload]");
  CAF_CHECK_EQUAL(send.content->at.line, 8u);
  CAF_CHECK_EQUAL(send.content->at.column, 75u);
  CAF_CHECK(*send.binary);
  CAF_CHECK(!*form_of<send_step>("{ send = { text = true } }").binary);
  CAF_CHECK(!form_of<send_step>("{ send = {} }").content);
  auto broadcast = form_of<broadcast_step>(
      R"({ broadcast = { path = "/chat/*", socket_type = "INBOUND", groups = ["a", "#[vars.b]"], content = "x" } })");
  CAF_CHECK_EQUAL(broadcast.path->text, "/chat/*");
  CAF_CHECK_EQUAL(broadcast.socket_type->text, "INBOUND");
  CAF_CHECK_EQUAL(broadcast.groups.items.size(), 2u);
  CAF_CHECK(!broadcast.groups.from_expression);
  auto close = form_of<close_socket_step>(
      R"({ close_socket = { close_code = 3000, reason = "bye" } })");
  CAF_CHECK_EQUAL(close.close_code->text, "3000");
  CAF_CHECK_EQUAL(close.reason->text, "bye");
  auto bulk = form_of<bulk_close_sockets_step>(
      R"({ bulk_close_sockets = { groups = "#[vars.groups]", close_code = "ENDPOINT_GOING_DOWN", path = "#[vars.p]", socket_type = "#[vars.t]", reason = "r" } })");
  CAF_CHECK(bulk.groups.from_expression);
  CAF_CHECK_EQUAL(bulk.groups.items.at(0).text, "#[vars.groups]");
  CAF_CHECK_EQUAL(bulk.path->text, "#[vars.p]");
  auto subscribe = form_of<subscribe_groups_step>(
      R"({ subscribe_groups = { socket_id = "a", groups = "one #[1]" } })");
  CAF_CHECK(!subscribe.groups.from_expression);
  CAF_CHECK_EQUAL(subscribe.groups.items.at(0).text, "one #[1]");
  auto unsubscribe = form_of<unsubscribe_groups_step>(
      R"({ unsubscribe_groups = { groups = ["g"] } })");
  CAF_CHECK_EQUAL(unsubscribe.groups.items.size(), 1u);
}

CAF_TEST(an opening is read) {
  auto open = form_of<open_outbound_socket_step>(
      R"({ open_outbound_socket = { socket_id = "#[vars.id]", default_groups = ["a", "#[vars.g]"], path = "/x/{id}", headers = { a = ["1", "#[2]"] }, query_params = [{ key = "q", value = "#[payload]" }], uri_params = "#[vars.params]", reconnection = { strategy = "reconnect", count = 5 } } })");
  CAF_CHECK(!open.config);
  CAF_CHECK_EQUAL(open.socket_id->text, "#[vars.id]");
  CAF_CHECK_EQUAL(open.default_groups.items.size(), 2u);
  CAF_CHECK_EQUAL(open.path->text, "/x/{id}");
  CAF_CHECK(!open.url);
  CAF_REQUIRE_EQUAL(open.headers.items.size(), 2u);
  CAF_CHECK_EQUAL(open.headers.items[1].first, "a");
  CAF_CHECK_EQUAL(open.headers.items[1].second.text, "#[2]");
  CAF_CHECK(!open.headers.from_expression);
  CAF_CHECK_EQUAL(open.query_params.items.at(0).second.text, "#[payload]");
  CAF_CHECK_EQUAL(open.uri_params.from_expression->text, "#[vars.params]");
  CAF_REQUIRE(open.reconnection.has_value());
  CAF_CHECK_EQUAL(open.reconnection->count, 5u);
  auto url = form_of<open_outbound_socket_step>(
      R"({ open_outbound_socket = { config = "#[vars.c]", url = "ws://h/#[vars.p]" } })");
  CAF_CHECK_EQUAL(url.url->text, "ws://h/#[vars.p]");
  CAF_CHECK(!url.reconnection);
}

CAF_TEST(the parameters of an opening are checked) {
  check_steps(
      {{R"({ open_outbound_socket = { socket_id = "a/b" } })",
        "50: flow[0].steps[0].open_outbound_socket.socket_id: \"a/b\" is no "
        "socket id, expected 1 to 128 characters of printable ASCII without "
        "`/`"},
       {R"({ open_outbound_socket = { path = "/{x}" } })",
        "45: flow[0].steps[0].open_outbound_socket.path: has `{x}`, expected a "
        "value in uri_params"},
       {R"({ open_outbound_socket = { path = "/{x}", uri_params = { x = "#[1]" } } })",
        ""},
       {R"({ open_outbound_socket = { path = "/{x}", uri_params = "#[vars.p]" } })",
        ""},
       {R"({ open_outbound_socket = { path = "/a", url = "ws://h" } })",
        "38: flow[0].steps[0].open_outbound_socket.path: stands beside url, "
        "expected one of the two"},
       {R"({ open_outbound_socket = { url = "http://h" } })",
        "44: flow[0].steps[0].open_outbound_socket.url: has another scheme "
        "than ws and wss, expected one such as "
        "\"wss://example.com:8443/feed/{name}\""},
       {R"({ open_outbound_socket = { headers = "x" } })",
        "48: flow[0].steps[0].open_outbound_socket.headers: is a string, "
        "expected one `#[ … ]` that yields a table, a table of names and "
        "values or an array of tables { key, value }"},
       {R"({ open_outbound_socket = { headers = { "a b" = "x", c = "#[", upgrade = "d", e = "\n" } } })",
        "50: flow[0].steps[0].open_outbound_socket.headers.\"a b\": \"a b\" is "
        "no header's name, expected a token such as \"x-request-id\"\n"
        "67: flow[0].steps[0].open_outbound_socket.headers.c: has an unclosed "
        "`#[`, expected the `]` that balances it\n"
        "73: flow[0].steps[0].open_outbound_socket.headers.upgrade: "
        "\"upgrade\" belongs to the handshake, expected another header\n"
        "92: flow[0].steps[0].open_outbound_socket.headers.e: holds a control "
        "character, expected a header's value on one line"},
       {R"({ open_outbound_socket = { uri_params = { x = ["1", "2"] } } })",
        "38: flow[0].steps[0].open_outbound_socket.uri_params: gives \"x\" "
        "twice, expected one value"},
       {R"({ open_outbound_socket = { default_groups = [""] } })",
        "56: flow[0].steps[0].open_outbound_socket.default_groups[0]: is "
        "empty, expected a group's name"},
       {R"({ open_outbound_socket = { reconnection = { count = -1 } } })",
        "63: flow[0].steps[0].open_outbound_socket.reconnection.count: -1 is "
        "out of range, expected an integer from 0 to 4294967295"},
       {R"({ open_outbound_socket = { sokcet_id = "a" } })",
        "38: flow[0].steps[0].open_outbound_socket.sokcet_id: is an unknown "
        "key, the nearest known key is socket_id"}});
}

CAF_TEST(an operation may have a strategy of its own) {
  auto send = form_of<send_step>(
      R"({ send = { socket_id = "a", reconnection = { blocking = false } } })");
  CAF_REQUIRE(send.reconnection.has_value());
  CAF_CHECK(!send.reconnection->blocking);
  check_steps(
      {{"{ broadcast = { reconnection = {} } }", ""},
       {"{ broadcast = { reconnection = { blocking = 1 } } }",
        "55: flow[0].steps[0].broadcast.reconnection.blocking: is an integer, "
        "expected true or false"},
       {"{ close_socket = { reconnection = { blocking = 1 } } }",
        "58: flow[0].steps[0].close_socket.reconnection.blocking: is an "
        "integer, expected true or false"},
       {"{ bulk_close_sockets = { reconnection = { blocking = 1 } } }",
        "64: flow[0].steps[0].bulk_close_sockets.reconnection.blocking: is an "
        "integer, expected true or false"},
       {"{ subscribe_groups = { groups = \"g\", reconnection = 1 } }",
        "63: flow[0].steps[0].subscribe_groups.reconnection: is an integer, "
        "expected a table"},
       {"{ unsubscribe_groups = { groups = \"g\", reconnection = 1 } }",
        "65: flow[0].steps[0].unsubscribe_groups.reconnection: is an integer, "
        "expected a table"}});
}

CAF_TEST(the other forms are read) {
  auto variable = form_of<set_variable_step>(
      R"({ set_variable = { name = "x", value = "#[1 + 1]" } })");
  CAF_CHECK_EQUAL(variable.name, "x");
  CAF_CHECK_EQUAL(variable.value.text, "#[1 + 1]");
  CAF_CHECK_EQUAL(form_of<log_step>(R"({ log = "a #[1]" })").text.text,
                  "a #[1]");
  auto error = form_of<raise_error_step>(
      R"({ raise_error = { type = "APP:WRONG", message = "m" } })");
  CAF_CHECK_EQUAL(error.type.text, "APP:WRONG");
  CAF_CHECK_EQUAL(error.message->text, "m");
  auto choice = form_of<choice_step>(
      R"({ choice = [ { when = "#[a]", steps = [ { log = "1" } ] }, { steps = [] } ] })");
  CAF_REQUIRE_EQUAL(choice.branches.size(), 2u);
  CAF_CHECK_EQUAL(choice.branches[0].when->text, "#[a]");
  CAF_CHECK_EQUAL(choice.branches[0].steps.size(), 1u);
  CAF_CHECK(!choice.branches[1].when);
  auto loop = form_of<for_each_step>(
      R"({ for_each = { items = "#[payload]", steps = [ { log = "1" } ] } })");
  CAF_CHECK_EQUAL(loop.items.text, "#[payload]");
  CAF_CHECK_EQUAL(loop.steps.size(), 1u);
  CAF_CHECK_EQUAL(form_of<flow_ref_step>(R"({ flow_ref = "other" })").name,
                  "other");
}

CAF_TEST(when target and target_value stand beside a form) {
  auto step = step_of(
      R"({ log = "x", when = "#[a]", target = "t", target_value = "#[payload]" })");
  CAF_CHECK_EQUAL(step.when->text, "#[a]");
  CAF_CHECK_EQUAL(*step.target, "t");
  CAF_CHECK_EQUAL(step.target_value->text, "#[payload]");
  CAF_CHECK_EQUAL(step.at.line, 8u);
  CAF_CHECK_EQUAL(step.at.column, 11u);
  check_steps(
      {{R"({ log = "x", target_value = "1" })",
        "24: flow[0].steps[0].target_value: has no effect alone, expected "
        "target "
        "beside it"},
       {R"({ log = "x", when = "true" })",
        "31: flow[0].steps[0].when: \"true\" is no single `#[ … ]`, expected "
        "one "
        "`#[ … ]` that yields a boolean"},
       {R"({ log = "x", when = "#[a] " })",
        "31: flow[0].steps[0].when: \"#[a] \" is no single `#[ … ]`, expected "
        "one `#[ … ]` that yields a boolean"},
       {R"({ log = "x", target = "" })",
        "33: flow[0].steps[0].target: is empty, expected a variable's name"},
       {R"({ log = "x", target = "#[a]" })",
        "33: flow[0].steps[0].target: holds a `#[`, where only a constant can "
        "stand, expected a variable's name"}});
}

CAF_TEST(a step has exactly one form) {
  check_steps(
      {{"{}", "11: flow[0].steps[0]: has no form, expected one of send, "
              "broadcast, close_socket, bulk_close_sockets, "
              "open_outbound_socket, subscribe_groups, "
              "unsubscribe_groups, http_request, set_variable, log, "
              "raise_error, choice, "
              "for_each or flow_ref"},
       {R"({ send = {}, log = "x" })", "24: flow[0].steps[0].log: stands "
                                       "beside send, expected one form a step"},
       {"{ sned = {} }", "13: flow[0].steps[0].sned: is an unknown key, the "
                         "nearest known key is send"},
       {"{ wehn = \"#[a]\", send = {} }",
        "13: flow[0].steps[0].wehn: is an unknown key, the nearest known key "
        "is "
        "when"},
       {"5", "11: flow[0].steps[0]: is an integer, expected a step, which is a "
             "table"},
       {"{ send = 5 }",
        "20: flow[0].steps[0].send: is an integer, expected a table"}});
}

CAF_TEST(the parameters of operations are checked) {
  check_steps(
      {{R"({ send = { socket_id = "a/b" } })",
        "34: flow[0].steps[0].send.socket_id: \"a/b\" is no socket id, "
        "expected "
        "1 to 128 characters of printable ASCII without `/`"},
       {R"({ send = { config = "" } })",
        "31: flow[0].steps[0].send.config: is empty, expected some text"},
       {R"({ send = { content = 5, cotnent = "" } })",
        "32: flow[0].steps[0].send.content: is an integer, expected a string, "
        "or "
        "`#[ … ]` in one\n"
        "35: flow[0].steps[0].send.cotnent: is an unknown key, the nearest "
        "known "
        "key is content"},
       {R"({ send = { binary = "x" } })",
        "31: flow[0].steps[0].send.binary: is a string, expected true or "
        "false"},
       {R"({ send = { binary = true, text = false } })",
        "37: flow[0].steps[0].send.text: stands beside binary, expected one of "
        "the two"},
       {R"({ broadcast = { path = "/*/a", socket_type = "inbound" } })",
        "34: flow[0].steps[0].broadcast.path: \"/*/a\" is no path: `*` may "
        "only "
        "be the last segment, expected a pattern such as \"/chat/{room}\" or "
        "\"/chat/*\"\n"
        "56: flow[0].steps[0].broadcast.socket_type: \"inbound\" is unknown, "
        "expected \"INBOUND\", \"OUTBOUND\" or \"ALL\""},
       {R"({ broadcast = { groups = ["a", "", 5] } })",
        "42: flow[0].steps[0].broadcast.groups[1]: is empty, expected a "
        "group's "
        "name\n"
        "46: flow[0].steps[0].broadcast.groups[2]: is an integer, expected a "
        "string, or `#[ … ]` in one"},
       {"{ broadcast = { groups = 5 } }",
        "36: flow[0].steps[0].broadcast.groups: is an integer, expected an "
        "array "
        "of strings, or one `#[ … ]` for all"},
       {R"({ close_socket = { close_code = "MESSAGE_TOO_LARGE" } })", ""},
       {R"({ close_socket = { close_code = "4999" } })", ""},
       {R"({ close_socket = { close_code = "#[vars.code]" } })", ""},
       {R"({ close_socket = { close_code = 1005 } })",
        "43: flow[0].steps[0].close_socket.close_code: \"1005\" is no close "
        "code, expected NORMAL_CLOSURE, ENDPOINT_GOING_DOWN, PROTOCOL_ERROR, "
        "INVALID_DATA, MESSAGE_TOO_LARGE or a number of 1000 to 1003, 1007 to "
        "1014, 3000 to 4999"},
       {R"({ subscribe_groups = { } })",
        "32: flow[0].steps[0].subscribe_groups.groups: is missing, expected an "
        "array of groups"},
       {R"({ unsubscribe_groups = { groups = [] } })",
        "45: flow[0].steps[0].unsubscribe_groups.groups: is empty, expected at "
        "least one group"}});
  auto reason = std::string(124, 'r');
  check_steps({{"{ close_socket = { reason = \"" + reason + "\" } }",
                "39: flow[0].steps[0].close_socket.reason: has 124 bytes, "
                "expected at most 123"}});
  reason.pop_back();
  check_steps({{"{ close_socket = { reason = \"" + reason + "\" } }", ""}});
}

CAF_TEST(the other forms are checked) {
  check_steps(
      {{R"({ set_variable = { name = "" } })",
        "28: flow[0].steps[0].set_variable.value: is missing, expected a "
        "string, "
        "or `#[ … ]` in one\n"
        "37: flow[0].steps[0].set_variable.name: is empty, expected a "
        "variable's "
        "name"},
       {"{ log = 5 }", "19: flow[0].steps[0].log: is an integer, expected a "
                       "string, or `#[ … ]` in one"},
       {R"({ raise_error = { type = "" } })",
        "36: flow[0].steps[0].raise_error.type: is empty, expected some text"},
       {"{ raise_error = {} }", "27: flow[0].steps[0].raise_error.type: is "
                                "missing, expected an error's "
                                "name such as \"APP:WRONG\""},
       {"{ choice = [] }", "22: flow[0].steps[0].choice: is empty, expected at "
                           "least one branch"},
       {R"({ choice = [ { steps = [] }, { when = "#[a]", steps = [] } ] })",
        "24: flow[0].steps[0].choice[0]: has no when, expected that of the "
        "last "
        "branch only"},
       {R"({ choice = [ { whne = "#[a]", steps = [] }, { when = "#[a]" } ] })",
        "26: flow[0].steps[0].choice[0].whne: is an unknown key, the nearest "
        "known key is when\n"
        "55: flow[0].steps[0].choice[1].steps: is missing, expected an array "
        "of "
        "steps"},
       {R"({ for_each = { items = "a" } })",
        "24: flow[0].steps[0].for_each.steps: is missing, expected an array of "
        "steps\n"
        "34: flow[0].steps[0].for_each.items: \"a\" is no single `#[ … ]`, "
        "expected one `#[ … ]` that yields a list"},
       {R"({ flow_ref = "" })",
        "24: flow[0].steps[0].flow_ref: is empty, expected the name of a flow"},
       {R"({ for_each = { items = "#[a]", steps = [ { log = 5 } ] } })",
        "60: flow[0].steps[0].for_each.steps[0].log: is an integer, expected a "
        "string, or `#[ … ]` in one"}});
}

CAF_TEST(an expression that is unclosed or empty is refused) {
  check_steps(
      {{R"({ log = "a #[b" })",
        "19: flow[0].steps[0].log: has an unclosed `#[`, "
        "expected the `]` that balances it"},
       {R"({ log = "#[a[1]" })",
        "19: flow[0].steps[0].log: has an unclosed `#[`, "
        "expected the `]` that balances it"},
       {R"({ log = "#[']'" })",
        "19: flow[0].steps[0].log: has an unclosed `#[`, "
        "expected the `]` that balances it"},
       {R"({ log = "${HALF}" })",
        "19: flow[0].steps[0].log: has an unclosed `#[`, "
        "expected the `]` that balances it"},
       {R"({ log = "#[ ]" })", "19: flow[0].steps[0].log: has an empty `#[ ]`, "
                               "expected an expression in it"}});
}

CAF_TEST(steps within steps have a limit) {
  auto nested = [](std::size_t depth) {
    std::string text = R"({ log = "x" })";
    while (depth-- > 0)
      text = "{ choice = [ { steps = [ " + text + " ] } ] }";
    return with("[[flow]]\nname = \"f\"\nsteps = [ " + text + " ]\n");
  };
  CAF_CHECK_EQUAL(problems_of(nested(31)), "");
  auto problems = problems_of(nested(32));
  CAF_CHECK(problems.find("lies too deep, expected at most 32 steps within "
                          "steps")
            != std::string::npos);
}
