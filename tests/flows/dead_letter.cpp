#define CAF_SUITE flows.dead_letter

#include "tests/flows/policy_rig.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture : policy_rig {
  fixture() {
    w->send_error = make_error(errc::connectivity, "lost");
  }
};

flow_options make_mourned(decltype(dead_letter_options::to) to) {
  auto result = make_flow("f", {make_step(send_step{})});
  result.dead_letter = dead_letter_options{std::move(to), {}};
  return result;
}

flow_options make_grave(std::vector<step_options> steps) {
  auto result = make_flow("grave", std::move(steps));
  result.source = flow_source::none;
  return result;
}

constexpr auto given_up = "warning flow f failed: WEBSOCKET:CONNECTIVITY: lost";

} // namespace

CAF_TEST_FIXTURE_SCOPE(dead_letter_tests, fixture)

CAF_TEST(a flow takes what is given up) {
  spawn({make_mourned(flow_ref_step{"grave"}),
         make_grave({log("#[payload] of #[attributes.socket_id]: "
                         "#[error.type] #[error.message] #[#error.past]")})});
  auto answer = give("x");
  CAF_CHECK(is_done(answer));
  CAF_CHECK_EQUAL(
      told(), (lines{"info x of s1: WEBSOCKET:CONNECTIVITY lost 0", given_up}));
  CAF_CHECK_EQUAL(counters->dead_letters.load(), 1u);
  CAF_CHECK_EQUAL(counters->lost_letters.load(), 0u);
  CAF_CHECK_EQUAL(counters->failures.load(), 1u);
}

CAF_TEST(on_error comes first and decides whether the flow has failed) {
  auto flow = make_mourned(flow_ref_step{"grave"});
  flow.on_error = {log("handled")};
  spawn({flow, make_grave({log("buried")})});
  give("x");
  CAF_CHECK_EQUAL(told(), (lines{"info handled", "info buried"}));
  CAF_CHECK_EQUAL(counters->succeeded.load(), 1u);
  CAF_CHECK_EQUAL(counters->dead_letters.load(), 1u);
}

CAF_TEST(what succeeds is not given away) {
  w->send_error = caf::none;
  spawn({make_mourned(flow_ref_step{"grave"}), make_grave({log("buried")})});
  give("x");
  CAF_CHECK(told().empty());
  CAF_CHECK_EQUAL(counters->dead_letters.load(), 0u);
}

CAF_TEST(retries come before) {
  auto flow = make_mourned(flow_ref_step{"grave"});
  flow.retry.emplace();
  flow.retry->count = 1;
  spawn({flow, make_grave({log("buried")})});
  auto answer = give("x");
  CAF_CHECK(!contains(told().at(0), "buried"));
  pass(std::chrono::seconds{2});
  CAF_CHECK_EQUAL(told(), (lines{"info buried", given_up}));
  CAF_CHECK(is_done(answer));
}

CAF_TEST(what is waiting for a retry at the end is given away) {
  auto flow = make_mourned(flow_ref_step{"grave"});
  flow.retry.emplace();
  spawn({flow, make_grave({log("buried")})});
  give("x");
  told();
  caf::anon_send_exit(runners[0], caf::exit_reason::user_shutdown);
  sched.run();
  CAF_CHECK_EQUAL(told(), (lines{"info buried", given_up}));
}

CAF_TEST(with redelivery alone only what is exhausted is given away) {
  auto flow = make_mourned(flow_ref_step{"grave"});
  flow.redelivery = at_most(1);
  flow.on_error = {log("on_error")};
  spawn({flow, make_grave({log("#[error.type]")})});
  give("x");
  give("x");
  CAF_CHECK_EQUAL(told(), (lines{"info on_error", "info on_error"}));
  give("x");
  CAF_CHECK_EQUAL(
      told(), (lines{"info on_error", "info WEBSOCKET:REDELIVERY_EXHAUSTED"}));
  // A message that cannot be counted is never exhausted.
  store->fails_loads = true;
  give("y");
  CAF_CHECK_EQUAL(told(),
                  (lines{"info on_error", "info OS:STORE_NOT_AVAILABLE"}));
}

CAF_TEST(a group gets a letter with all there is to know) {
  spawn({make_mourned(dead_letter_group{text("graves")})});
  give("x");
  auto letter = boost::json::parse(w->broadcast).as_object();
  CAF_CHECK_EQUAL(letter.at("flow").as_string(), "f");
  CAF_CHECK_EQUAL(letter.at("payload").as_string(), "x");
  CAF_CHECK_EQUAL(letter.at("attributes").at("socket_id").as_string(), "s1");
  CAF_CHECK_EQUAL(letter.at("error").at("type").as_string(),
                  "WEBSOCKET:CONNECTIVITY");
  CAF_CHECK_EQUAL(letter.at("error").at("message").as_string(), "lost");
  CAF_CHECK(letter.at("error").at("past").as_array().empty());
  CAF_CHECK_EQUAL(counters->dead_letters.load(), 1u);
  give({"\xFF\x00", 2}, 0, 0, true);
  letter = boost::json::parse(w->broadcast).as_object();
  CAF_CHECK_EQUAL(letter.at("payload_base64").as_string(), "/wA=");
  give(R"({"n": [1]})", 0, 0, false, "application/json");
  letter = boost::json::parse(w->broadcast).as_object();
  CAF_CHECK_EQUAL(letter.at("payload").at("n").as_array().size(), 1u);
  give("no JSON", 0, 0, false, "application/json");
  letter = boost::json::parse(w->broadcast).as_object();
  CAF_CHECK_EQUAL(letter.at("payload").as_string(), "no JSON");
}

CAF_TEST(a group without sockets takes nothing) {
  w->matched = 0;
  spawn({make_mourned(dead_letter_group{text("graves")})});
  auto answer = give("x");
  CAF_CHECK(is_done(answer));
  CAF_CHECK_EQUAL(
      told(),
      (lines{"error flow f has lost a dead letter: WEBSOCKET:CONNECTIVITY: no "
             "socket of the group took it; it was given up for "
             "WEBSOCKET:CONNECTIVITY: lost",
             given_up}));
  CAF_CHECK_EQUAL(counters->dead_letters.load(), 0u);
  CAF_CHECK_EQUAL(counters->lost_letters.load(), 1u);
}

CAF_TEST(a dead letter that fails is not tried again) {
  auto flow = make_mourned(flow_ref_step{"grave"});
  flow.on_error = {log("handled")};
  spawn({flow, make_grave({raise("APP:FULL", "no room")})});
  give("x");
  CAF_CHECK_EQUAL(told(),
                  (lines{"info handled",
                         "error flow f has lost a dead letter: APP:FULL: no "
                         "room; it was given up for WEBSOCKET:CONNECTIVITY: "
                         "lost"}));
  CAF_CHECK_EQUAL(counters->lost_letters.load(), 1u);
  CAF_CHECK_EQUAL(counters->succeeded.load(), 1u);
  CAF_CHECK_EQUAL(counters->in_work.load(), 0u);
}

CAF_TEST(a dead letter has its time as a run has) {
  auto flow = make_mourned(flow_ref_step{"grave"});
  flow.timeout = std::chrono::seconds{10};
  auto elsewhere = send("x");
  std::get<send_step>(elsewhere.form).socket_id = text("s9");
  spawn({flow, make_grave({log("in"), elsewhere})});
  w->send_error = caf::none;
  w->hold = true;
  auto answer = give("x");
  pass(std::chrono::seconds{10});
  CAF_CHECK_EQUAL(told(), lines{"info in"});
  pass(std::chrono::seconds{10});
  CAF_CHECK_EQUAL(counters->lost_letters.load(), 1u);
  CAF_CHECK(is_done(answer));
}

CAF_TEST_FIXTURE_SCOPE_END()
