#define CAF_SUITE statistics
#include <caf/test/unit_test.hpp>

#include <future>
#include <thread>

#include <switchboard/pinned.hpp>

#include "running.hpp"

using namespace switchboard;
using namespace std::chrono_literals;

namespace {

/// Holds its shard up until it is let go.
class blocker : public pinned<caf::event_based_actor> {
public:
  blocker(caf::actor_config& config, std::shared_future<void> end)
      : pinned(config), end_(std::move(end)) {}

  caf::behavior make_behavior() override {
    return {[this](caf::ok_atom) {
      end_.wait();
    }};
  }

private:
  std::shared_future<void> end_;
};

/// Looks again and again until the condition holds, at most 20 s.
template <class Condition>
bool eventually(Condition condition) {
  auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition())
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    else
      std::this_thread::sleep_for(5ms);
  return true;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(statistics_tests, running)

CAF_TEST(a shard that is stuck cannot hide and holds up nobody who asks) {
  start();
  std::promise<void> release;
  auto stuck = board->spawn_pinned<blocker>(0, release.get_future().share());
  CAF_CHECK(eventually([&] {
    auto shards = board->statistics().shards;
    return shards[0].heartbeats > 0 && shards[1].heartbeats > 0;
  }));
  caf::anon_send(stuck, caf::ok_atom::value);
  CAF_CHECK(
      eventually([&] { return board->statistics().shards[0].lag > 1500ms; }));
  auto before = board->statistics().shards;
  CAF_CHECK(eventually([&] {
    return board->statistics().shards[1].heartbeats > before[1].heartbeats;
  }));
  auto after = board->statistics().shards;
  CAF_CHECK_EQUAL(after[0].heartbeats, before[0].heartbeats);
  release.set_value();
  CAF_CHECK(eventually([&] {
    return board->statistics().shards[0].heartbeats > before[0].heartbeats;
  }));
  // It was seen, and is remembered for a while.
  CAF_CHECK(board->statistics().shards[0].lag > 1500ms);
}

CAF_TEST(what was not used yet is there as zero) {
  start();
  auto all = board->statistics();
  CAF_CHECK_EQUAL(all.shards.size(), 2u);
  CAF_CHECK_EQUAL(all.operations.size(), operation_kinds);
  CAF_CHECK_EQUAL(all.sockets.size(), 5u);
  CAF_CHECK_EQUAL(all.opened, 0u);
  CAF_CHECK(all.closed.empty());
  for (auto& entry : all.handshakes)
    CAF_CHECK_EQUAL(entry.count, 0u);
  for (auto& entry : all.limits)
    CAF_CHECK_EQUAL(entry.count, 0u);
  CAF_CHECK_EQUAL(all.reconnections.size(), 3u);
}

CAF_TEST_FIXTURE_SCOPE_END()
