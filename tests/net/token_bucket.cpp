#define CAF_SUITE token_bucket
#include <caf/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include "net/token_bucket.hpp"

using namespace switchboard::net;
using namespace std::chrono_literals;

namespace {

/// So many tokens at a time, and the wait for the next one after that.
struct row {
  std::chrono::nanoseconds at;
  std::uint64_t tokens;
  std::chrono::nanoseconds wait;
};

void check_rows(token_rate rate, const std::vector<row>& rows) {
  // A clock that has run for a while: no bucket is fuller than full.
  clock::time_point zero{1h};
  token_bucket aut;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& what = rows[i];
    aut.spend(rate, what.tokens, zero + what.at);
    auto wait = aut.wait(rate, zero + what.at, 1);
    CAF_MESSAGE("row " << i << ", rate " << rate.per_second);
    CAF_CHECK_EQUAL(wait.count(), what.wait.count());
    CAF_CHECK_EQUAL(aut.has_any(rate, zero + what.at), what.wait == 0ns);
  }
}

} // namespace

CAF_TEST(a bucket holds what comes back in a second and no more) {
  check_rows({10}, {{0ms, 9, 0ms},
                    {0ms, 1, 100ms},
                    {100ms, 1, 100ms},
                    {150ms, 0, 50ms},
                    // Half a token is none, two halves are one.
                    {1100ms, 9, 0ms},
                    {1100ms, 1, 100ms},
                    {1h, 10, 100ms}});
}

CAF_TEST(what is spent without being there is owed) {
  check_rows({1000}, {{0ms, 3000, 2001ms},
                      {1s, 0, 1001ms},
                      {1s, 500, 1501ms},
                      {2501ms, 0, 0ms},
                      {2501ms, 1, 1ms}});
}

CAF_TEST(rates and amounts at the ends of their range stay in range) {
  check_rows({1}, {{0ms, 1, 1s}, {1s, 1, 1s}});
  check_rows({1'000'000'000}, {{0ns, 1'000'000'000, 1ns}, {1ns, 0, 0ns}});
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  check_rows({most}, {{0ms, most, 0ms}, {0ms, most, 1s}, {1s, 0, 0ns}});
  token_bucket aut;
  clock::time_point zero{1h};
  for (auto i = 0; i < 10; ++i)
    aut.spend({1}, most, zero);
  CAF_CHECK(aut.wait({1}, zero, 1) == 24h * 365 * 100);
  CAF_CHECK(aut.wait({1}, zero, most) == 24h * 365 * 100);
}

CAF_TEST(more tokens than a bucket holds are waited for until it is full) {
  token_bucket aut;
  clock::time_point zero{1h};
  aut.spend({10}, 10, zero);
  CAF_CHECK(aut.wait({10}, zero, 5) == 500ms);
  CAF_CHECK(aut.wait({10}, zero, 10) == 1s);
  CAF_CHECK(aut.wait({10}, zero, 11) == 1s);
}

CAF_TEST(a shared bucket gives each token once) {
  constexpr token_rate rate{1000};
  clock::time_point zero{1h};
  shared_token_bucket aut;
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (auto i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (auto n = 0; n < 1000; ++n)
        if (aut.take(rate, zero) == 0ns)
          ++taken;
    });
  for (auto& thread : threads)
    thread.join();
  CAF_CHECK_EQUAL(taken.load(), 1000);
  CAF_CHECK(aut.take(rate, zero) == 1ms);
  CAF_CHECK(aut.take(rate, zero + 1ms) == 0ns);
  CAF_CHECK(aut.take(rate, zero + 1ms) == 1ms);
  aut.give_back(rate);
  CAF_CHECK(aut.take(rate, zero + 1ms) == 0ns);
  CAF_CHECK(aut.take(rate, zero + 1ms) == 1ms);
}
