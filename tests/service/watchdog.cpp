#define CAF_SUITE watchdog
#include <caf/test/unit_test.hpp>

#include "service/systemd/watchdog.hpp"

using namespace switchboard::service::systemd;
using namespace std::chrono_literals;

CAF_TEST(a shard that stands still for too long is not alive) {
  pulse all{5s};
  auto now = pulse::time_point{} + 100s;
  CAF_CHECK(all.alive({1, 1}, now));
  CAF_CHECK(all.alive({2, 2}, now + 4s));
  CAF_CHECK(all.alive({3, 2}, now + 8s));
  CAF_CHECK(!all.alive({4, 2}, now + 9s));
  CAF_CHECK(!all.alive({5, 2}, now + 10s));
  // It may come back.
  CAF_CHECK(all.alive({6, 3}, now + 11s));
}

CAF_TEST(the watchdog tells again and again until it is stopped) {
  std::mutex mutex;
  std::condition_variable changed;
  auto told = 0;
  {
    watchdog aut{[] { return std::vector<std::uint64_t>{1}; }, 8ms,
                 [&] {
                   std::lock_guard guard{mutex};
                   ++told;
                   changed.notify_all();
                 }};
    std::unique_lock guard{mutex};
    CAF_CHECK(changed.wait_for(guard, 10s, [&] { return told >= 3; }));
  }
  auto after = told;
  CAF_CHECK(after >= 3);
}
