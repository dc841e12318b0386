#define CAF_SUITE tap_sampler
#include <caf/test/unit_test.hpp>

#include <cmath>
#include <cstdint>

#include "actors/tap_sampler.hpp"

using namespace switchboard::actors;

namespace {

std::uint64_t drawn(tap_sampler& from, std::uint64_t count) {
  std::uint64_t result = 0;
  for (std::uint64_t i = 0; i < count; ++i)
    result += from.take() ? 1 : 0;
  return result;
}

} // namespace

CAF_TEST(the whole of a sequence is all of it) {
  tap_sampler all{1, 7};
  CAF_CHECK_EQUAL(drawn(all, 10'000), 10'000u);
}

CAF_TEST(how many are drawn is known within one at any point) {
  for (auto fraction : {0.9, 0.75, 0.5, 0.3, 0.01, 0.0007}) {
    tap_sampler some{fraction, 42};
    std::uint64_t sum = 0;
    for (std::uint64_t i = 1; i <= 30'000; ++i) {
      sum += some.take() ? 1 : 0;
      auto expected = fraction * static_cast<double>(i);
      if (std::abs(static_cast<double>(sum) - expected) > 1.0001)
        CAF_FAIL("fraction " << fraction << ": " << sum << " of " << i);
    }
  }
}

CAF_TEST(the smallest fraction draws one of its stretch) {
  tap_sampler few{0.000001, 3};
  CAF_CHECK_EQUAL(drawn(few, 1'000'000), 1u);
  CAF_CHECK_EQUAL(drawn(few, 3'000'000), 3u);
}

CAF_TEST(a rhythm of the sequence does not hide from it) {
  tap_sampler half{0.5, 1};
  std::uint64_t even = 0;
  std::uint64_t odd = 0;
  for (auto i = 0; i < 10'000; ++i) {
    even += half.take() ? 1 : 0;
    odd += half.take() ? 1 : 0;
  }
  CAF_CHECK_EQUAL(even + odd, 10'000u);
  // Five standard deviations.
  CAF_CHECK(even > 4750u && even < 5250u);
}
