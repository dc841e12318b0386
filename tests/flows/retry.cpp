#define CAF_SUITE flows.retry

#include "tests/flows/policy_rig.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture : policy_rig {
  fixture() {
    w->send_error = make_error(errc::connectivity, "lost");
  }

  void heal() {
    w->send_error = caf::none;
  }
};

flow_options make_tried(std::uint32_t count, double factor = 1.0) {
  auto result = make_counted();
  result.redelivery.reset();
  result.retry.emplace();
  result.retry->count = count;
  result.retry->backoff.factor = factor;
  return result;
}

constexpr auto again =
    "info flow f failed and is tried again: WEBSOCKET:CONNECTIVITY: lost";

} // namespace

CAF_TEST_FIXTURE_SCOPE(retry_tests, fixture)

CAF_TEST(a flow that fails runs again until it succeeds) {
  spawn({make_tried(5, 2.0)});
  auto answer = give("x");
  CAF_CHECK_EQUAL(seen(), lines{"direct:x"});
  pass(std::chrono::milliseconds{1999});
  CAF_CHECK(seen().empty());
  pass(std::chrono::milliseconds{1});
  CAF_CHECK_EQUAL(seen(), lines{"direct:x"});
  pass(std::chrono::milliseconds{3999});
  CAF_CHECK(seen().empty());
  heal();
  CAF_CHECK_EQUAL(counters->in_work.load(), 1u);
  pass(std::chrono::milliseconds{1});
  CAF_CHECK_EQUAL(seen(), lines{"direct:x"});
  CAF_CHECK(is_done(answer));
  CAF_CHECK_EQUAL(told(), (lines{again, again}));
  CAF_CHECK_EQUAL(counters->events.load(), 1u);
  CAF_CHECK_EQUAL(counters->succeeded.load(), 1u);
  CAF_CHECK_EQUAL(counters->repeats.load(), 2u);
  CAF_CHECK_EQUAL(counters->failures.load(), 0u);
}

CAF_TEST(a flow that goes on failing is given up once) {
  spawn({make_tried(2)});
  auto answer = give("x");
  pass(std::chrono::seconds{2});
  pass(std::chrono::seconds{2});
  CAF_CHECK_EQUAL(seen().size(), 3u);
  CAF_CHECK_EQUAL(told(), (lines{again, again, failed + std::string{"2"}}));
  CAF_CHECK(is_done(answer));
  pass(std::chrono::minutes{5});
  CAF_CHECK(seen().empty());
  CAF_CHECK_EQUAL(counters->in_work.load(), 0u);
}

CAF_TEST(each attempt begins with the event as it came) {
  auto flow = make_tried(1);
  flow.steps = {set("n", "#[(vars.n or 0) + 1]"), log("#[payload] #[vars.n]"),
                make_step(send_step{})};
  flow.on_error = {log("#[payload] #[vars.n]")};
  spawn({flow});
  give("x");
  pass(std::chrono::seconds{2});
  CAF_CHECK_EQUAL(told(), (lines{"info x 1", again, "info x 1", "info x 1"}));
}

CAF_TEST(each attempt has the whole time) {
  w->send_error = caf::none;
  w->hold = true;
  auto flow = make_tried(1);
  flow.timeout = std::chrono::seconds{10};
  spawn({flow});
  give("x");
  pass(std::chrono::seconds{10});
  CAF_CHECK_EQUAL(told().size(), 1u);
  pass(std::chrono::seconds{2});
  CAF_CHECK_EQUAL(seen().size(), 2u);
  pass(std::chrono::milliseconds{9999});
  CAF_CHECK(told().empty());
  pass(std::chrono::milliseconds{1});
  CAF_CHECK_EQUAL(told(), lines{"info SWITCHBOARD:TIMEOUT after 1"});
}

CAF_TEST(an error that the flow called handles is no failure) {
  auto called = make_flow("g", {make_step(send_step{})}, {log("handled")});
  called.source = flow_source::none;
  auto flow = make_tried(3);
  flow.steps = {ref("g")};
  spawn({flow, called});
  give("x");
  CAF_CHECK_EQUAL(told(), lines{"info handled"});
  CAF_CHECK_EQUAL(counters->repeats.load(), 0u);
}

CAF_TEST(retries do not go beyond what the count of failures allows) {
  auto flow = make_tried(10);
  flow.redelivery = at_most(2);
  spawn({flow});
  give("x");
  for (auto i = 0; i < 5; ++i)
    pass(std::chrono::seconds{2});
  CAF_CHECK_EQUAL(seen().size(), 3u);
  CAF_CHECK_EQUAL(told(), (lines{again, again, spent + std::string{"3"}}));
  give("x");
  CAF_CHECK(seen().empty());
  CAF_CHECK_EQUAL(told(), lines{spent + std::string{"3"}});
}

CAF_TEST(a store that is away for a moment is tried again) {
  auto flow = make_tried(1);
  flow.redelivery = at_most(5);
  heal();
  spawn({flow});
  store->fails_loads = true;
  auto answer = give("x");
  store->fails_loads = false;
  pass(std::chrono::seconds{2});
  CAF_CHECK_EQUAL(seen(), lines{"direct:x"});
  CAF_CHECK(is_done(answer));
}

CAF_TEST(a message of that id on another socket may run in between) {
  auto flow = make_tried(1);
  flow.redelivery = at_most(5);
  spawn({flow}, 2);
  give("x", 0, 0);
  heal();
  auto second = give("x", 1, 1);
  CAF_CHECK(is_done(second));
  pass(std::chrono::seconds{2});
  CAF_CHECK_EQUAL(counters->succeeded.load(), 2u);
}

CAF_TEST(who waits for a retry is given up at the end) {
  spawn({make_tried(5)});
  auto answer = give("x");
  told();
  auto finishing = self->request(runners[0], caf::infinite, finish_atom::value);
  sched.run();
  auto finished = false;
  finishing.receive([&] { finished = true; }, [](caf::error&) {});
  CAF_CHECK(finished);
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
  CAF_CHECK(is_done(answer));
  // No retries any more.
  auto last = give("y");
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
  CAF_CHECK(is_done(last));
  pass(std::chrono::seconds{10});
  CAF_CHECK_EQUAL(seen().size(), 2u);
}

CAF_TEST(a trailing send of a flow with retries holds its socket) {
  heal();
  w->hold = true;
  spawn({make_tried(1)});
  auto answer = give("x");
  CAF_CHECK(!is_done(answer));
  CAF_REQUIRE_EQUAL(w->held.size(), 1u);
  w->held.front().deliver(caf::unit);
  sched.run();
  CAF_CHECK(is_done(answer));
}

CAF_TEST_FIXTURE_SCOPE_END()
