#define CAF_SUITE flows.id_locks

#include "flows/id_locks.hpp"
#include "tests/flows/fakes.hpp"

using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture : test_coordinator_fixture<test_config> {
  fixture() {
    for (auto& one : who)
      one = sys.spawn(
          [](caf::event_based_actor*,
             std::shared_ptr<std::vector<std::uint64_t>> to) -> caf::behavior {
            return {[to](unlocked_atom, std::uint64_t job) {
              to->push_back(job);
            }};
          },
          given);
    run();
  }

  ~fixture() {
    for (auto& one : who)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    run();
  }

  std::vector<std::uint64_t> told() {
    run();
    return std::exchange(*given, {});
  }

  using numbers = std::vector<std::uint64_t>;

  std::shared_ptr<numbers> given = std::make_shared<numbers>();
  caf::actor who[2];
  id_locks locks;
};

using outcome = id_locks::outcome;

} // namespace

CAF_TEST_FIXTURE_SCOPE(id_locks_tests, fixture)

CAF_TEST(an id goes from one to the next in order) {
  CAF_CHECK(locks.enter("a", who[0], 1) == outcome::entered);
  CAF_CHECK(locks.enter("a", who[1], 2) == outcome::waits);
  CAF_CHECK(locks.enter("a", who[0], 3) == outcome::waits);
  CAF_CHECK(locks.enter("b", who[1], 4) == outcome::entered);
  CAF_CHECK(told().empty());
  locks.leave("a");
  CAF_CHECK_EQUAL(told(), numbers{2});
  locks.leave("a");
  CAF_CHECK_EQUAL(told(), numbers{3});
  locks.leave("a");
  CAF_CHECK(told().empty());
  CAF_CHECK(locks.enter("a", who[1], 5) == outcome::entered);
  locks.leave("never taken");
}

CAF_TEST(who withdraws is passed over) {
  locks.enter("a", who[0], 1);
  locks.enter("a", who[0], 2);
  locks.enter("a", who[0], 3);
  locks.withdraw("a", who[0], 2);
  locks.withdraw("a", who[1], 3);
  locks.withdraw("b", who[0], 1);
  locks.leave("a");
  CAF_CHECK_EQUAL(told(), numbers{3});
  // It had just been given to it.
  locks.enter("a", who[1], 4);
  locks.withdraw("a", who[0], 3);
  CAF_CHECK_EQUAL(told(), numbers{4});
}

CAF_TEST(only so many wait for one id) {
  locks.enter("a", who[0], 0);
  for (std::uint64_t i = 1; i <= id_locks::most_waiting; ++i)
    CAF_REQUIRE(locks.enter("a", who[0], i) == outcome::waits);
  CAF_CHECK(locks.enter("a", who[1], 9) == outcome::full);
  locks.leave("a");
  CAF_CHECK(locks.enter("a", who[1], 9) == outcome::waits);
}

CAF_TEST(who ends lets go of everything) {
  locks.enter("a", who[0], 1);
  locks.enter("a", who[0], 2);
  locks.enter("a", who[1], 3);
  locks.enter("b", who[0], 4);
  locks.enter("c", who[1], 5);
  locks.forget(who[0]);
  CAF_CHECK_EQUAL(told(), numbers{3});
  CAF_CHECK(locks.enter("b", who[1], 6) == outcome::entered);
  CAF_CHECK(locks.enter("c", who[1], 7) == outcome::waits);
}

CAF_TEST_FIXTURE_SCOPE_END()
