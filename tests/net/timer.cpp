#define CAF_SUITE timer
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "net/timer.hpp"

using namespace switchboard::net;
using namespace std::chrono_literals;

namespace {

struct probe : timer {
  std::vector<int>* log = nullptr;
  int id = 0;
  bool rearm = false;
  timer_heap* heap = nullptr;

  void on_timer() override {
    log->push_back(id);
    if (rearm) {
      rearm = false;
      heap->arm(*this, deadline() + 10ms);
    }
  }
};

struct fixture {
  timer_heap heap;
  std::vector<int> log;
  clock::time_point zero{};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(timer_tests, fixture)

CAF_TEST(
    timers fire in the order of their deadlines whatever the order of arming) {
  std::mt19937 dice{7};
  std::vector<std::unique_ptr<probe>> probes;
  for (auto i = 0; i < 500; ++i) {
    auto& x = probes.emplace_back(std::make_unique<probe>());
    x->log = &log;
    x->id = i;
  }
  auto order = std::vector<int>(500);
  for (auto i = 0; i < 500; ++i)
    order[static_cast<std::size_t>(i)] = i;
  std::shuffle(order.begin(), order.end(), dice);
  for (auto i : order)
    heap.arm(*probes[static_cast<std::size_t>(i)], zero + 1000ms);
  // Moved ones keep no trace of their first deadline.
  std::shuffle(order.begin(), order.end(), dice);
  for (auto i : order)
    heap.arm(*probes[static_cast<std::size_t>(i)], zero + i * 1ms);
  for (auto i = 0; i < 500; i += 3)
    heap.disarm(*probes[static_cast<std::size_t>(i)]);
  for (auto i = 0; i < 500; i += 9)
    probes[static_cast<std::size_t>(i)].reset();
  std::vector<int> expected;
  for (auto i = 0; i < 500; ++i)
    if (i % 3 != 0)
      expected.push_back(i);
  heap.fire(zero + 249ms);
  CAF_CHECK(std::all_of(log.begin(), log.end(), [](int i) { return i < 250; }));
  heap.fire(zero + 10s);
  CAF_CHECK(log == expected);
  CAF_CHECK(!heap.next());
}

CAF_TEST(a timer may arm itself again while it fires) {
  probe x;
  x.log = &log;
  x.heap = &heap;
  x.rearm = true;
  heap.arm(x, zero + 5ms);
  heap.fire(zero + 6ms);
  CAF_CHECK_EQUAL(log.size(), 1u);
  CAF_REQUIRE(heap.next().has_value());
  CAF_CHECK(*heap.next() == zero + 15ms);
  heap.fire(zero + 20ms);
  CAF_CHECK_EQUAL(log.size(), 2u);
}

CAF_TEST(a timer that goes away is never called) {
  {
    probe x;
    x.log = &log;
    heap.arm(x, zero + 1ms);
  }
  heap.fire(zero + 1s);
  CAF_CHECK(log.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
