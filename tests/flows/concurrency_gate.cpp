#define CAF_SUITE flows.concurrency_gate

#include "flows/concurrency_gate.hpp"
#include "tests/flows/fakes.hpp"

using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture : test_coordinator_fixture<test_config> {
  fixture() {
    for (std::size_t i = 0; i < 2; ++i)
      who[i] = sys.spawn(
          [](caf::event_based_actor*,
             std::shared_ptr<int> to) -> caf::behavior {
            return {[to](granted_atom) {
              ++*to;
            }};
          },
          granted[i]);
    run();
  }

  ~fixture() {
    for (auto& one : who)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    run();
  }

  std::shared_ptr<int> granted[2] = {std::make_shared<int>(0),
                                     std::make_shared<int>(0)};
  caf::actor who[2];
  concurrency_gate gate{2};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(concurrency_gate_tests, fixture)

CAF_TEST(places go to who waits longest) {
  CAF_CHECK(gate.enter(who[0]));
  CAF_CHECK(gate.enter(who[0]));
  CAF_CHECK(!gate.enter(who[1]));
  CAF_CHECK(!gate.enter(who[0]));
  gate.leave(who[0]);
  run();
  CAF_CHECK_EQUAL(*granted[1], 1);
  CAF_CHECK_EQUAL(*granted[0], 0);
  gate.leave(who[1]);
  run();
  CAF_CHECK_EQUAL(*granted[0], 1);
}

CAF_TEST(all places of one that ends are free) {
  gate.enter(who[0]);
  gate.enter(who[0]);
  gate.enter(who[1]);
  gate.enter(who[1]);
  gate.enter(who[0]);
  gate.forget(who[0]);
  run();
  CAF_CHECK_EQUAL(*granted[1], 2);
  CAF_CHECK_EQUAL(*granted[0], 0);
  // Nothing is given back twice.
  gate.leave(who[0]);
  CAF_CHECK(!gate.enter(who[1]));
}

CAF_TEST(a place that was given and never taken is given back) {
  gate.enter(who[1]);
  gate.enter(who[1]);
  gate.enter(who[0]);
  gate.leave(who[1]);
  // It ends before it learns of it.
  gate.forget(who[0]);
  CAF_CHECK(gate.enter(who[1]));
  CAF_CHECK(!gate.enter(who[1]));
}

CAF_TEST_FIXTURE_SCOPE_END()
