#define CAF_SUITE flows.runner_calls

#include "tests/flows/called_runner_rig.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

using fixture = called_runner_rig;

step_options broadcast() {
  return make_step(broadcast_step{});
}

/// Broadcasts `b` and answers everything else.
flow_options broadcast_or_answer() {
  choice_step form;
  form.branches.push_back({text("#[payload == 'b']"), {broadcast()}});
  form.branches.push_back({{}, {make_step(send_step{})}});
  return make_flow("f", {make_step(std::move(form))});
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(runner_calls_tests, fixture)

CAF_TEST(a socket goes on while its last broadcasts are under way) {
  auto& aut = spawn(make_flow("f", {broadcast()}));
  constexpr auto most = 32;
  for (auto i = 0; i < most; ++i)
    CAF_CHECK(aut.on_message(local, {"b", false}));
  CAF_CHECK(!aut.on_message(local, {"b", false}));
  CAF_CHECK_EQUAL(local.dones, 0);
  settle(aut);
  CAF_CHECK_EQUAL(w->seen.size(), 33u);
  CAF_CHECK_EQUAL(local.dones, 1);
  CAF_CHECK(aut.on_message(local, {"b", false}));
}

CAF_TEST(another socket does not wait for the broadcasts of the first) {
  auto& aut = spawn(make_flow("f", {broadcast()}));
  for (auto i = 0; i < 33; ++i)
    aut.on_message(local, {"b", false});
  fake_local other;
  other.set_handle(local.handle());
  CAF_CHECK(aut.on_message(other, {"b", false}));
}

CAF_TEST(an answer does not overtake a broadcast under way) {
  auto& aut = spawn(broadcast_or_answer());
  CAF_CHECK(aut.on_message(local, {"b", false}));
  CAF_CHECK(!aut.on_message(local, {"answer", false}));
  CAF_CHECK(local.sent.empty());
  settle(aut);
  CAF_REQUIRE_EQUAL(w->seen.size(), 2u);
  CAF_CHECK_EQUAL(w->seen[0], "broadcast:");
  CAF_CHECK_EQUAL(w->seen[1], "send:s1:answer");
  CAF_CHECK_EQUAL(local.dones, 1);
  // None is under way: straight again.
  CAF_CHECK(aut.on_message(local, {"again", false}));
  CAF_REQUIRE_EQUAL(local.sent.size(), 1u);
  CAF_CHECK_EQUAL(local.sent[0], "again");
  local.written();
}

CAF_TEST(a broadcast that something follows holds its socket) {
  auto& aut = spawn(make_flow("f", {broadcast(), log("done")}));
  CAF_CHECK(!aut.on_message(local, {"b", false}));
  settle(aut);
  CAF_CHECK_EQUAL(local.dones, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
