#define CAF_SUITE flows.redelivery_locks

#include "tests/flows/policy_rig.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

/// Sends wait until they are let go.
struct fixture : policy_rig {
  fixture() {
    w->hold = true;
  }

  caf::response_promise next_held() {
    CAF_REQUIRE(!w->held.empty());
    auto result = w->held.front();
    w->held.pop_front();
    return result;
  }

  void let_go(std::size_t count = 1) {
    for (; count > 0; --count) {
      next_held().deliver(caf::unit);
      sched.run();
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(redelivery_locks_tests, fixture)

CAF_TEST(messages of one id run one after the other) {
  spawn({make_counted()}, 3);
  auto first = give("x", 0, 0);
  auto second = give("x", 1, 1);
  auto third = give("x", 2, 2);
  CAF_CHECK_EQUAL(w->held.size(), 1u);
  let_go();
  CAF_CHECK(is_done(first));
  CAF_CHECK_EQUAL(w->held.size(), 1u);
  let_go();
  CAF_CHECK(is_done(second));
  let_go();
  CAF_CHECK(is_done(third));
  CAF_CHECK_EQUAL(seen().size(), 3u);
}

CAF_TEST(messages of other ids do not wait) {
  spawn({make_counted()}, 2);
  give("x", 0, 0);
  give("x", 1, 1);
  give("y", 2, 1);
  CAF_CHECK_EQUAL(seen(), (lines{"direct:x", "direct:y"}));
  let_go(3);
}

CAF_TEST(who waited sees what the one before has counted) {
  spawn({make_counted(at_most(0))}, 2);
  give("x", 0, 0);
  give("x", 1, 1);
  next_held().deliver(make_error(errc::connectivity, "lost"));
  sched.run();
  CAF_CHECK_EQUAL(told(),
                  (lines{failed + std::string{"0"}, spent + std::string{"1"}}));
  CAF_CHECK_EQUAL(seen().size(), 1u);
}

CAF_TEST(who waits too long gives up and takes nothing with it) {
  auto flow = make_counted();
  flow.timeout = std::chrono::seconds{10};
  spawn({flow}, 3);
  give("x", 0, 0);
  pass(std::chrono::seconds{6});
  give("x", 1, 1);
  pass(std::chrono::seconds{5});
  // The first one's own time is over: it is counted, and the next may run.
  CAF_CHECK_EQUAL(told(), lines{"info SWITCHBOARD:TIMEOUT after 0"});
  CAF_CHECK_EQUAL(seen().size(), 2u);
  give("x", 2, 2);
  pass(std::chrono::seconds{5});
  CAF_CHECK_EQUAL(told(), lines{"info SWITCHBOARD:TIMEOUT after 1"});
  CAF_CHECK_EQUAL(seen().size(), 1u);
}

CAF_TEST(one that has given up waiting is passed over) {
  auto flow = make_counted();
  flow.timeout = std::chrono::seconds{10};
  flow.on_error = {log("#[error.type]")};
  spawn({flow}, 2);
  // Somebody else has the id.
  auto holder = sys.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](unlocked_atom, std::uint64_t) {
    }};
  });
  give("x", 0, 0);
  let_go();
  auto key = store->last_key;
  CAF_REQUIRE(guard->locks.enter(key, holder, 1) == id_locks::outcome::entered);
  seen();
  auto late = give("x", 0, 0);
  pass(std::chrono::seconds{10});
  CAF_CHECK_EQUAL(told(), lines{"info SWITCHBOARD:TIMEOUT"});
  CAF_CHECK(is_done(late));
  auto next = give("x", 1, 1);
  CAF_CHECK(seen().empty());
  guard->locks.leave(key);
  sched.run();
  CAF_CHECK_EQUAL(seen().size(), 1u);
  let_go();
  CAF_CHECK(is_done(next));
}

CAF_TEST(an id that a runner had is free when it ends) {
  spawn({make_counted()}, 2);
  give("x", 0, 0);
  auto second = give("x", 1, 1);
  CAF_CHECK_EQUAL(seen().size(), 1u);
  caf::anon_send_exit(runners[0], caf::exit_reason::kill);
  sched.run();
  CAF_CHECK_EQUAL(seen().size(), 1u);
  let_go(2);
  CAF_CHECK(is_done(second));
}

CAF_TEST(places of a runner that ends are given to others) {
  auto flow = make_counted();
  flow.max_concurrency = 2;
  spawn({flow}, 2);
  give("a", 0, 0);
  give("b", 1, 0);
  auto third = give("c", 2, 1);
  CAF_CHECK_EQUAL(seen().size(), 2u);
  caf::anon_send_exit(runners[0], caf::exit_reason::kill);
  sched.run();
  CAF_CHECK_EQUAL(seen(), lines{"direct:c"});
  let_go(3);
  CAF_CHECK(is_done(third));
}

CAF_TEST_FIXTURE_SCOPE_END()
