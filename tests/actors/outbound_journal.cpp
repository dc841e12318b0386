#define CAF_SUITE outbound_journal
#include "actors/outbound_journal.hpp"

#include <caf/test/unit_test.hpp>

#include <string>

using namespace switchboard;
using namespace switchboard::actors;
using namespace std::chrono_literals;

namespace {

outbound_send message(net::send_token token, std::string text = "x") {
  outbound_send result;
  result.token = token;
  result.content = payload{std::move(text)};
  return result;
}

constexpr auto overhead = outbound_journal::overhead;

} // namespace

CAF_TEST(what the connection was given leaves in any order) {
  outbound_journal journal;
  for (net::send_token token = 1; token <= 3; ++token)
    journal.add_given(message(token));
  CAF_CHECK(!journal.waiting());
  CAF_CHECK_EQUAL(journal.waiting_bytes(), 0u);
  CAF_CHECK(!journal.take_given(4));
  for (net::send_token token : {2, 1, 3}) {
    auto taken = journal.take_given(token);
    CAF_REQUIRE(taken.has_value());
    CAF_CHECK_EQUAL(taken->token, token);
    CAF_CHECK(!journal.take_given(token));
  }
  CAF_CHECK(journal.empty());
}

CAF_TEST(a lost connection makes all wait again in their order) {
  outbound_journal journal;
  journal.add_given(message(1, "one"));
  journal.add_given(message(2, "two"));
  journal.add_waiting(message(3, "three"));
  CAF_CHECK(journal.waiting());
  CAF_CHECK_EQUAL(journal.waiting_bytes(), 5 + overhead);
  CAF_CHECK(!journal.take_given(3));
  journal.rewind();
  CAF_CHECK_EQUAL(journal.waiting_bytes(), 11 + 3 * overhead);
  CAF_CHECK_EQUAL(journal.first_waiting().token, 1u);
  journal.give_first();
  CAF_CHECK_EQUAL(journal.first_waiting().token, 2u);
  CAF_CHECK_EQUAL(journal.waiting_bytes(), 8 + 2 * overhead);
  CAF_CHECK_EQUAL(journal.take_first_waiting().token, 2u);
  CAF_CHECK_EQUAL(journal.first_waiting().token, 3u);
  CAF_CHECK(journal.take_given(1).has_value());
  journal.give_first();
  CAF_CHECK(!journal.waiting());
  CAF_CHECK_EQUAL(journal.waiting_bytes(), 0u);
}

CAF_TEST(some that wait are taken and the others keep their order) {
  outbound_journal journal;
  journal.add_given(message(1));
  for (net::send_token token = 2; token <= 6; ++token) {
    journal.add_waiting(message(token));
    journal.first_waiting();
  }
  auto odd =
      journal.take_waiting([](auto& entry) { return entry.token % 2 == 1; });
  CAF_REQUIRE_EQUAL(odd.size(), 2u);
  CAF_CHECK_EQUAL(odd[0].token + odd[1].token, 8u);
  CAF_CHECK_EQUAL(journal.waiting_bytes(), 3 * (1 + overhead));
  for (net::send_token token : {2, 4, 6})
    CAF_CHECK_EQUAL(journal.take_first_waiting().token, token);
  CAF_CHECK_EQUAL(journal.take_all().size(), 1u);
  CAF_CHECK(journal.empty());
}

CAF_TEST(the next deadline is the earliest of those that wait) {
  outbound_journal journal;
  net::clock::time_point start{};
  CAF_CHECK(!journal.next_deadline());
  journal.add_waiting(message(1));
  CAF_CHECK(!journal.next_deadline());
  for (auto [token, after] : {std::pair{2u, 5s}, {3u, 2s}, {4u, 9s}}) {
    auto what = message(token);
    what.deadline = start + after;
    journal.add_waiting(std::move(what));
  }
  CAF_CHECK(journal.next_deadline() == start + 2s);
  journal.take_waiting(
      [&](auto& entry) { return entry.deadline == start + 2s; });
  CAF_CHECK(journal.next_deadline() == start + 5s);
}
