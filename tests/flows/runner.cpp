#define CAF_SUITE flows.runner

#include "tests/flows/fakes.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture : test_coordinator_fixture<test_config> {
  fixture() : w(std::make_shared<world>()) {
    registry = sys.spawn(fake_registry, w);
    socket = sys.spawn(fake_socket, w);
    other = sys.spawn(fake_socket, w);
    run();
  }

  ~fixture() {
    w->held.clear();
    caf::anon_send_exit(runner_handle, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(socket, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
    run();
  }

  void spawn(std::vector<flow_options> flows) {
    auto code = compile(flows);
    if (!code.value)
      CAF_FAIL(code.diagnostics.front().message);
    counters = std::make_shared<flow_counters>();
    runner_handle = sys.spawn<runner>(
        runner_settings{code.value, 0, registry, reports.sink(), counters,
                        std::make_shared<lua_sandbox>(code.value->chunks)});
    run();
  }

  message_event message(std::string content, std::string id = "s1",
                        std::string type = {}) {
    auto& handle = id == "s1" ? socket : other;
    return {caf::actor_cast<caf::strong_actor_ptr>(handle),
            make_attributes(id, type), payload{std::move(content)}};
  }

  /// Sends an event; the answer is there once everybody has run.
  template <class Event>
  auto ask(Event event) {
    auto result = self->request(runner_handle, caf::infinite, std::move(event));
    run();
    return result;
  }

  /// `ok` or the error.
  template <class Answer>
  std::string outcome(Answer&& answer) {
    std::string result;
    answer.receive([&] { result = "ok"; },
                   [&](caf::error& why) {
                     auto text = describe(why);
                     result = text.type + ": " + text.message;
                   });
    return result;
  }

  std::shared_ptr<world> w;
  registry_actor registry;
  socket_actor socket;
  socket_actor other;
  caf::actor runner_handle;
  std::shared_ptr<flow_counters> counters;
  report_list reports;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(runner_tests, fixture)

CAF_TEST(an echo goes straight to the socket of the event) {
  spawn({make_flow("echo", {make_step(send_step{})})});
  CAF_CHECK_EQUAL(outcome(ask(message("hi"))), "ok");
  CAF_REQUIRE_EQUAL(w->seen.size(), 1u);
  CAF_CHECK_EQUAL(w->seen[0], "direct:hi");
  CAF_CHECK_EQUAL(counters->events.load(), 1u);
  CAF_CHECK_EQUAL(counters->in_work.load(), 0u);
}

CAF_TEST(other operations go through the registry and their outputs come back) {
  auto elsewhere = send("x");
  std::get<send_step>(elsewhere.form).socket_id = text("s9");
  broadcast_step cast;
  cast.path = text("/*");
  subscribe_groups_step join;
  join.groups.items = {text("a")};
  unsubscribe_groups_step leave;
  leave.groups.items = {text("a")};
  spawn({make_flow(
      "f",
      {elsewhere, target(make_step(cast), "b", "#[payload.matched]"),
       target(make_step(bulk_close_sockets_step{}), "c", "#[payload.closed]"),
       make_step(join), make_step(leave), make_step(close_socket_step{}),
       log("#[vars.b] #[vars.c]")})});
  CAF_CHECK_EQUAL(outcome(ask(message("hi"))), "ok");
  CAF_CHECK_EQUAL(caf::deep_to_string(w->seen),
                  R"(["send:s9:x", "broadcast:/*", "bulk_close", )"
                  R"("subscribe:s1", "unsubscribe:s1", "close:s1:1000"])");
  CAF_REQUIRE_EQUAL(reports.lines().size(), 1u);
  CAF_CHECK_EQUAL(reports.lines()[0], "info 2 4 flow=f socket=s1");
}

CAF_TEST(the answer comes when the flow is done and sockets do not wait) {
  w->hold = true;
  spawn({make_flow("echo", {make_step(send_step{}), log("done #[payload]")})});
  auto first = ask(message("one", "s1"));
  auto second = ask(message("two", "s2"));
  CAF_CHECK_EQUAL(counters->in_work.load(), 2u);
  CAF_CHECK(reports.lines().empty());
  CAF_REQUIRE_EQUAL(w->held.size(), 2u);
  // The later one is done first.
  w->held[1].deliver(caf::unit);
  run();
  CAF_CHECK_EQUAL(outcome(second), "ok");
  CAF_CHECK_EQUAL(caf::deep_to_string(reports.lines()),
                  R"(["info done two flow=echo socket=s2"])");
  w->held[0].deliver(caf::unit);
  run();
  CAF_CHECK_EQUAL(outcome(first), "ok");
  CAF_CHECK_EQUAL(reports.lines().size(), 2u);
  CAF_CHECK_EQUAL(counters->in_work.load(), 0u);
}

CAF_TEST(a failed send is told and the message is answered all the same) {
  w->send_error = make_error(errc::connectivity, "s1: connection reset");
  spawn({make_flow("echo", {make_step(send_step{}), log("not reached")})});
  CAF_CHECK_EQUAL(outcome(ask(message("hi"))), "ok");
  CAF_CHECK_EQUAL(caf::deep_to_string(reports.lines()),
                  R"(["warning flow echo failed: WEBSOCKET:CONNECTIVITY: s1: )"
                  R"(connection reset flow=echo socket=s1"])");
  CAF_CHECK_EQUAL(counters->failures.load(), 1u);
}

CAF_TEST(a failed send can be handled) {
  w->send_error = make_error(errc::connectivity, "lost");
  spawn({make_flow("echo", {make_step(send_step{})},
                   {log("handled #[error.message]")})});
  CAF_CHECK_EQUAL(outcome(ask(message("hi"))), "ok");
  CAF_CHECK_EQUAL(reports.lines().at(0),
                  "info handled lost flow=echo socket=s1");
  CAF_CHECK_EQUAL(counters->failures.load(), 0u);
}

CAF_TEST(a socket that is gone fails the send) {
  spawn({make_flow("echo", {make_step(send_step{})})});
  auto event = message("hi");
  caf::anon_send_exit(socket, caf::exit_reason::kill);
  run();
  CAF_CHECK_EQUAL(outcome(ask(event)), "ok");
  CAF_CHECK_EQUAL(counters->failures.load(), 1u);
}

CAF_TEST(JSON is known by the MIME type) {
  spawn({make_flow("f", {log("#[payload.id]")})});
  ask(message(R"({"id":7})", "s1", "application/json; charset=utf-8"));
  ask(message(R"({"id":7})"));
  auto typed = make_flow("g", {log("#[payload.id]")});
  typed.output_mime_type = "application/vnd.x+json";
  caf::anon_send_exit(runner_handle, caf::exit_reason::user_shutdown);
  spawn({typed});
  ask(message(R"({"id":8})"));
  CAF_CHECK_EQUAL(caf::deep_to_string(reports.lines()),
                  R"(["info 7 flow=f socket=s1", "info  flow=f socket=s1", )"
                  R"("info 8 flow=g socket=s1"])");
}

CAF_TEST(a connection event is refused with the error of its flow) {
  spawn({make_flow(
      "gate",
      {when(raise("APP:DENIED", "not you"), "#[attributes.socket_id ~= 's1']"),
       when(raise("WEBSOCKET:FORBIDDEN", "no"), "#[attributes.path == '']"),
       send("welcome")})});
  auto handle = caf::actor_cast<caf::strong_actor_ptr>(socket);
  CAF_CHECK_EQUAL(outcome(ask(connection_event{handle, make_attributes()})),
                  "ok");
  CAF_CHECK_EQUAL(w->seen.at(0), "direct:welcome");
  CAF_CHECK_EQUAL(outcome(ask(connection_event{handle, make_attributes("s2")})),
                  "APP:DENIED: not you");
  CAF_CHECK_EQUAL(counters->failures.load(), 1u);
}

CAF_TEST(errors of ours keep their code in the answer) {
  spawn({make_flow("gate", {raise("WEBSOCKET:FORBIDDEN", "no")})});
  auto handle = caf::actor_cast<caf::strong_actor_ptr>(socket);
  ask(connection_event{handle, make_attributes()})
      .receive(
          [] { CAF_ERROR("it was let in"); },
          [](caf::error& why) { CAF_CHECK(code_of(why) == errc::forbidden); });
}

CAF_TEST(a closed event runs its flow without a handle) {
  spawn({make_flow("bye", {log("#[payload.code] of #[attributes.socket_id]"),
                           send("too late")})});
  caf::anon_send(runner_handle,
                 closed_event{make_attributes(), {1001, "", true}, {}});
  run();
  CAF_CHECK_EQUAL(reports.lines().at(0),
                  "info ENDPOINT_GOING_DOWN of s1 flow=bye socket=s1");
  CAF_CHECK_EQUAL(w->seen.at(0), "send:s1:too late");
}

CAF_TEST(a schedule ticks without drift and skips while a run is in work) {
  auto timed = make_flow("t", {log("tick"), send("x")});
  std::get<send_step>(timed.steps[1].form).socket_id = text("s9");
  timed.source = flow_source::schedule;
  timed.every = std::chrono::seconds{10};
  spawn({timed});
  caf::anon_send(runner_handle, begin_atom::value);
  sched.run();
  CAF_CHECK(reports.lines().empty());
  sched.advance_time(std::chrono::seconds{9});
  sched.run();
  CAF_CHECK(reports.lines().empty());
  sched.advance_time(std::chrono::seconds{1});
  sched.run();
  CAF_CHECK_EQUAL(reports.lines().size(), 1u);
  w->hold = true;
  sched.advance_time(std::chrono::seconds{10});
  sched.run();
  CAF_CHECK_EQUAL(reports.lines().size(), 2u);
  sched.advance_time(std::chrono::seconds{10});
  sched.run();
  CAF_CHECK_EQUAL(reports.lines().size(), 2u);
  CAF_REQUIRE_EQUAL(w->held.size(), 1u);
  w->held[0].deliver(caf::unit);
  w->hold = false;
  sched.run();
  // Late by 34 of its periods and a bit: one tick, and the next in step.
  sched.advance_time(std::chrono::seconds{343});
  sched.run();
  CAF_CHECK_EQUAL(reports.lines().size(), 3u);
  sched.advance_time(std::chrono::seconds{7});
  sched.run();
  CAF_CHECK_EQUAL(reports.lines().size(), 4u);
}

CAF_TEST(finishing waits for what is in work and stops the schedule) {
  w->hold = true;
  spawn({make_flow("echo", {make_step(send_step{})})});
  auto work = ask(message("hi"));
  auto finishing = ask(finish_atom::value);
  CAF_CHECK_EQUAL(counters->in_work.load(), 1u);
  w->held.at(0).deliver(caf::unit);
  run();
  CAF_CHECK_EQUAL(outcome(work), "ok");
  CAF_CHECK_EQUAL(outcome(finishing), "ok");
  CAF_CHECK_EQUAL(outcome(ask(finish_atom::value)), "ok");
}

CAF_TEST(a long run lets others in between) {
  spawn({make_flow("f", {each("#[payload.n > 1 and payload.list or {1}]",
                              {set("x", "#[vars.index]")}),
                         log("done #[payload.n]")})});
  std::string list;
  for (int i = 0; i < 1000; ++i)
    list += (i == 0 ? "" : ",") + std::to_string(i);
  auto runner_ptr = runner_handle;
  caf::anon_send(runner_ptr, message("{\"n\":2,\"list\":[" + list + "]}", "s1",
                                     "application/json"));
  caf::anon_send(runner_ptr, message("{\"n\":1}", "s2", "application/json"));
  run();
  CAF_CHECK_EQUAL(caf::deep_to_string(reports.lines()),
                  R"(["info done 1 flow=f socket=s2", )"
                  R"("info done 2 flow=f socket=s1"])");
}

CAF_TEST(the end of the runner answers what is in work) {
  w->hold = true;
  spawn({make_flow("echo", {make_step(send_step{})})});
  auto work = ask(message("hi"));
  caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
  run();
  CAF_CHECK_EQUAL(outcome(work),
                  "WEBSOCKET:CONNECTIVITY: flow echo was stopped");
  CAF_CHECK_EQUAL(counters->in_work.load(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
