#define CAF_SUITE flows.redelivery

#include "tests/flows/policy_rig.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture : policy_rig {
  fixture() {
    w->send_error = make_error(errc::connectivity, "lost");
  }

  void heal() {
    w->send_error = caf::none;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(redelivery_tests, fixture)

CAF_TEST(a message runs once more than its count and never again) {
  struct row {
    std::int32_t count;
    std::size_t runs;
  };
  for (auto [count, runs] : {row{0, 1}, row{1, 2}, row{5, 6}, row{-1, 12}}) {
    spawn({make_counted(at_most(count))});
    auto content = "message " + std::to_string(count);
    for (std::size_t sent = 1; sent <= 12; ++sent) {
      give(content);
      auto ran = seen().size();
      CAF_CHECK_EQUAL(ran, sent <= runs ? 1u : 0u);
      // An exhausted message has all of its errors behind it, the last ten
      // at most; one that failed just now those before.
      auto past = std::min<std::size_t>(
          sent <= runs ? std::min<std::size_t>(sent, 10) - 1 : runs, 10);
      CAF_CHECK_EQUAL(told(), lines{(sent <= runs ? failed : spent)
                                    + std::to_string(past)});
    }
    CAF_CHECK_EQUAL(counters->events.load(), 12u);
    CAF_CHECK_EQUAL(counters->succeeded.load(), 12u);
    CAF_CHECK_EQUAL(counters->in_work.load(), 0u);
  }
}

CAF_TEST(six runs are what the default allows) {
  spawn({make_counted()});
  for (auto i = 0; i < 9; ++i)
    give("x");
  CAF_CHECK_EQUAL(seen().size(), 6u);
}

CAF_TEST(success resets the count) {
  spawn({make_counted(at_most(1))});
  give("x");
  heal();
  give("x");
  w->send_error = make_error(errc::connectivity, "lost");
  CAF_CHECK_EQUAL(store->statistics().entries, 0u);
  told();
  give("x");
  give("x");
  CAF_CHECK_EQUAL(
      told(), (lines{failed + std::string{"0"}, failed + std::string{"1"}}));
  give("x");
  CAF_CHECK_EQUAL(told(), lines{spent + std::string{"2"}});
}

CAF_TEST(a message that never failed is not written down) {
  heal();
  spawn({make_counted()});
  for (auto i = 0; i < 3; ++i)
    give("x");
  CAF_CHECK_EQUAL(store->loads, 3);
  CAF_CHECK_EQUAL(store->updates, 0);
  CAF_CHECK_EQUAL(counters->succeeded.load(), 3u);
}

CAF_TEST(a message is known by its bytes whoever sends it) {
  spawn({make_counted(at_most(1))}, 2);
  give("x", 0, 0);
  give("x", 1, 1, true);
  told();
  give("x", 2, 0);
  CAF_CHECK_EQUAL(told(), lines{spent + std::string{"2"}});
  give("y");
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
}

CAF_TEST(flows that share a store do not share their counts) {
  auto other = make_counted(at_most(0));
  other.name = "g";
  spawn({make_counted(at_most(0))});
  give("x");
  spawn({other});
  told();
  give("x");
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
}

CAF_TEST(an expression tells messages) {
  auto how = by_id("#[payload.id]");
  how.max_redelivery_count = 0;
  spawn({make_counted(how)});
  auto json = "application/json";
  give(R"({"id": 7, "n": 1})", 0, 0, false, json);
  told();
  give(R"({"id": 7, "n": 2})", 0, 0, false, json);
  CAF_CHECK_EQUAL(told(), lines{spent + std::string{"1"}});
  give(R"({"id": 8, "n": 2})", 0, 0, false, json);
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
}

CAF_TEST(an id that is nothing is an error of its message) {
  spawn({make_counted(by_id("#[payload.id]"))});
  for (auto content : {R"({})", R"({"id": null})", R"({"id": ""})"}) {
    give(content, 0, 0, false, "application/json");
    CAF_CHECK(seen().empty());
    CAF_CHECK_EQUAL(told(), lines{"info SWITCHBOARD:EXPRESSION after 0"});
  }
  // One that fails.
  give("no JSON", 0, 0, false, "application/json");
  CAF_CHECK_EQUAL(told(), lines{"info SWITCHBOARD:EXPRESSION after 0"});
  CAF_CHECK_EQUAL(store->loads, 0);
}

CAF_TEST(a long id is told from all others) {
  auto how = by_id("#[payload]");
  how.max_redelivery_count = 0;
  spawn({make_counted(how)});
  std::string id(100'000, 'a');
  give(id);
  CAF_CHECK(store->last_key.size() < 100);
  told();
  give(id);
  CAF_CHECK_EQUAL(told(), lines{spent + std::string{"1"}});
  give(id + "b");
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
  // What a key looks like is no other message's id.
  give(store->last_key.substr(store->last_key.find('#')));
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
}

CAF_TEST(a count is forgotten with its entry) {
  spawn({make_counted(at_most(1))});
  give("x");
  pass(std::chrono::minutes{4});
  // Each failure keeps it for the whole time once more.
  give("x");
  pass(std::chrono::minutes{4});
  told();
  give("x");
  CAF_CHECK_EQUAL(told(), lines{spent + std::string{"2"}});
  pass(std::chrono::minutes{1});
  give("x");
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
}

CAF_TEST(nobody is told of a failure before it is counted) {
  spawn({make_counted()});
  store->holds_updates = true;
  auto answer = give("x");
  CAF_CHECK_EQUAL(seen().size(), 1u);
  CAF_CHECK(told().empty());
  CAF_CHECK_EQUAL(counters->in_work.load(), 1u);
  CAF_REQUIRE_EQUAL(store->held.size(), 1u);
  store->held.front()();
  sched.run();
  CAF_CHECK_EQUAL(told(), lines{failed + std::string{"0"}});
  CAF_CHECK(is_done(answer));
}

CAF_TEST(a failure that cannot be counted says so) {
  auto flow = make_counted();
  flow.on_error = {log("#[error.type]: #[error.message]")};
  spawn({flow});
  store->fails_updates = true;
  give("x");
  CAF_CHECK_EQUAL(told(),
                  lines{"info OS:STORE_NOT_AVAILABLE: object store fake: no "
                        "room; not counted: WEBSOCKET:CONNECTIVITY: lost"});
  // The id is free again.
  store->fails_updates = false;
  give("x");
  CAF_CHECK_EQUAL(told(), lines{"info WEBSOCKET:CONNECTIVITY: lost"});
}

CAF_TEST(a message whose failures cannot be looked up does not run) {
  heal();
  spawn({make_counted()});
  store->fails_loads = true;
  give("x");
  CAF_CHECK(seen().empty());
  CAF_CHECK_EQUAL(told(), lines{"info OS:STORE_NOT_AVAILABLE after 0"});
  store->fails_loads = false;
  give("x");
  CAF_CHECK_EQUAL(seen(), lines{"direct:x"});
}

CAF_TEST(an entry that is none of ours is an error of its message) {
  heal();
  spawn({make_counted()});
  give("x");
  store->update(
      store->last_key, [](auto&) { return std::optional<std::string>{"?"}; },
      [](store_answer&&) {});
  seen();
  give("x");
  CAF_CHECK(seen().empty());
  CAF_CHECK_EQUAL(told(), lines{"info OS:STORE_NOT_AVAILABLE after 0"});
}

CAF_TEST(a success that cannot be written down stays one) {
  spawn({make_counted()});
  give("x");
  heal();
  store->fails_updates = true;
  told();
  give("x");
  CAF_CHECK_EQUAL(counters->failures.load(), 0u);
  CAF_CHECK_EQUAL(counters->succeeded.load(), 2u);
  auto lines = told();
  CAF_REQUIRE_EQUAL(lines.size(), 1u);
  CAF_CHECK(contains(lines[0], "still counted: object store fake: no room"));
}

CAF_TEST(past errors come with the error) {
  auto flow = make_counted(at_most(1));
  flow.on_error = {log("#[error.past[1].type] #[error.past[2].message]")};
  spawn({flow});
  give("x");
  w->send_error = make_error(errc::timeout, "late");
  give("x");
  told();
  give("x");
  CAF_CHECK_EQUAL(told(), lines{"info WEBSOCKET:CONNECTIVITY late"});
}

CAF_TEST(without on_error an exhausted message is a failure) {
  auto flow = make_counted(at_most(0));
  flow.on_error.clear();
  spawn({flow});
  give("x");
  give("x");
  CAF_CHECK_EQUAL(
      told(),
      (lines{"warning flow f failed: WEBSOCKET:CONNECTIVITY: lost",
             "warning flow f failed: WEBSOCKET:REDELIVERY_EXHAUSTED: flow f: "
             "the message has failed 1 times and does not run any more"}));
  CAF_CHECK_EQUAL(counters->failures.load(), 2u);
}

CAF_TEST(a connection that fails too often is refused without asking) {
  auto flow = make_counted(by_id("#[attributes.query_params.room]"));
  flow.redelivery->max_redelivery_count = 0;
  flow.source = flow_source::on_inbound_connection;
  flow.on_error.clear();
  spawn({flow});
  auto connect = [&] {
    auto answer = self->request(
        runners[0], caf::infinite,
        connection_event{caf::actor_cast<caf::strong_actor_ptr>(sockets[0]),
                         make_attributes()});
    sched.run();
    std::string result = "let in";
    answer.receive([] {},
                   [&](caf::error& why) { result = describe(why).type; });
    return result;
  };
  CAF_CHECK_EQUAL(connect(), "WEBSOCKET:CONNECTIVITY");
  CAF_CHECK_EQUAL(connect(), "WEBSOCKET:REDELIVERY_EXHAUSTED");
  CAF_CHECK_EQUAL(seen().size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
