#define CAF_SUITE pending_sends
#include <caf/test/unit_test.hpp>

#include "actors/pending_sends.hpp"

using namespace switchboard::actors;

namespace {

pending_send entry(std::uint64_t token) {
  return {token, {}, nullptr, token * 10};
}

} // namespace

CAF_TEST(entries come out by token in any order and once) {
  pending_sends sends;
  CAF_CHECK(!sends.take(1));
  for (std::uint64_t token = 1; token <= 300; ++token)
    sends.push(entry(token));
  // From the middle, then the front, as queues that drop the oldest do.
  for (std::uint64_t token : {150u, 149u, 300u, 1u})
    CAF_CHECK_EQUAL(sends.take(token).value_or(pending_send{}).id, token * 10);
  CAF_CHECK(!sends.take(150));
  CAF_CHECK(!sends.take(301));
  for (std::uint64_t token = 2; token < 300; ++token)
    if (token != 149 && token != 150)
      CAF_CHECK_EQUAL(sends.take(token).value_or(pending_send{}).id,
                      token * 10);
  CAF_CHECK(!sends.take(2));
  sends.push(entry(301));
  CAF_CHECK(sends.take(301).has_value());
}
