#define CAF_SUITE log_repeats
#include <caf/test/unit_test.hpp>

#include "service/log_repeats.hpp"

using namespace switchboard::service;
using namespace std::chrono_literals;

namespace {

struct fixture {
  log_repeats aut;
  log_repeats::time_point now{};

  bool written(std::string_view text, std::string value = "v") {
    return aut.judge(text, {{"name", std::move(value)}}, now).write;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_repeats_tests, fixture)

CAF_TEST(what says the same too often is left out and counted) {
  for (auto i = 0u; i < log_repeats::most_alike; ++i)
    CAF_CHECK(written("again"));
  for (auto i = 0; i < 7; ++i)
    CAF_CHECK(!written("again"));
  now += log_repeats::span;
  auto next = aut.judge("again", {{"name", "v"}}, now);
  CAF_CHECK(next.write);
  CAF_CHECK_EQUAL(next.left_out, 7u);
  auto after = aut.judge("again", {{"name", "v"}}, now);
  CAF_CHECK(after.write);
  CAF_CHECK_EQUAL(after.left_out, 0u);
}

CAF_TEST(another field is another line) {
  for (auto i = 0; i < 100; ++i)
    CAF_CHECK(written("lost", std::to_string(i)));
}

CAF_TEST(however many there are no more than so many are remembered) {
  for (auto i = 0u; i < log_repeats::most_alike; ++i)
    written("first");
  CAF_CHECK(!written("first"));
  for (std::size_t i = 0; i < log_repeats::most_remembered; ++i)
    CAF_CHECK(written("other", std::to_string(i)));
  // Forgotten, and so written again.
  CAF_CHECK(written("first"));
}

CAF_TEST_FIXTURE_SCOPE_END()
