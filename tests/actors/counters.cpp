#define CAF_SUITE counters
#include <caf/test/unit_test.hpp>

#include "actors/counters.hpp"

#include <numeric>

using namespace switchboard;
using namespace switchboard::actors;
using namespace std::chrono_literals;

CAF_TEST(durations are counted below the first bound that holds them) {
  duration_counter counter;
  counter.add(0ns);
  counter.add(100us);
  counter.add(101us);
  counter.add(30s);
  counter.add(31s);
  duration_counts result;
  counter.collect(result);
  CAF_CHECK_EQUAL(result.counts[0], 2u);
  CAF_CHECK_EQUAL(result.counts[1], 1u);
  CAF_CHECK_EQUAL(result.counts[duration_counts::bounds.size() - 1], 1u);
  CAF_CHECK_EQUAL(result.counts[duration_counts::bounds.size()], 1u);
  CAF_CHECK(result.sum == 61s + 201us);
  counter.collect(result);
  CAF_CHECK_EQUAL(
      std::accumulate(result.counts.begin(), result.counts.end(), 0u), 10u);
}

CAF_TEST(codes that peers make up share a label) {
  closing_counter counter;
  for (unsigned code = 3000; code < 5000; ++code)
    counter.add(static_cast<close_code>(code), closed_by::peer);
  counter.add(1000, closed_by::peer);
  counter.add(1015, closed_by::lost);
  counter.add(999, closed_by::peer);
  counter.add(65535, closed_by::peer);
  std::vector<switchboard_statistics::closed_count> all;
  counter.collect(all);
  counter.collect(all);
  CAF_REQUIRE_EQUAL(all.size(), 5u);
  auto count_of = [&](std::string_view code) {
    for (auto& entry : all)
      if (entry.code == code)
        return entry.count;
    return std::uint64_t{0};
  };
  CAF_CHECK_EQUAL(count_of("1000"), 2u);
  CAF_CHECK_EQUAL(count_of("1015"), 2u);
  CAF_CHECK_EQUAL(count_of("3000-3999"), 2000u);
  CAF_CHECK_EQUAL(count_of("4000-4999"), 2000u);
  CAF_CHECK_EQUAL(count_of("other"), 4u);
}

CAF_TEST(handshakes are told apart by the status of their refusal) {
  handshake_counter counter;
  counter.accepted();
  counter.abandoned();
  counter.refused(0);
  counter.refused(404);
  counter.refused(503);
  counter.refused(418);
  std::vector<switchboard_statistics::named_count> all;
  counter.collect(all);
  counter.collect(all);
  std::string text;
  for (auto& entry : all)
    if (entry.count > 0)
      text += entry.name + "=" + std::to_string(entry.count) + " ";
  CAF_CHECK_EQUAL(text, "accepted=2 abandoned=2 tls_failed=2 refused_404=2 "
                        "refused_503=2 refused_other=2 ");
}
