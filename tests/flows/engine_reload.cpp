#define CAF_SUITE flows.engine_reload

#include <algorithm>
#include <atomic>
#include <mutex>

#include "tests/flows/fakes.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

flow_options from(flow_source source, std::string name, std::string said,
                  std::string path = "/a") {
  auto result = make_flow(std::move(name), {log(std::move(said))});
  result.source = source;
  result.path = std::move(path);
  if (source == flow_source::schedule) {
    result.config.clear();
    result.every = std::chrono::hours{1};
  }
  return result;
}

struct fixture {
  fixture() : sys(config), w(std::make_shared<world>()) {
    registry = sys.spawn(fake_registry, w);
    host = {registry, 1, [this](std::size_t, runner_settings settings) {
              ++spawned;
              return sys.spawn<runner>(std::move(settings));
            }};
  }

  ~fixture() {
    running.reset();
    caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
  }

  static std::shared_ptr<const program>
  code_of(const std::vector<flow_options>& flows) {
    auto code = compile(flows);
    if (!code.value)
      CAF_FAIL(code.diagnostics.front().message);
    return code.value;
  }

  void start(const std::vector<flow_options>& flows) {
    auto sink = [this](const report& what) {
      std::unique_lock guard{mutex};
      texts.push_back(what.text);
    };
    auto result = engine::start(host, sys, code_of(flows), sink);
    CAF_REQUIRE(result.engaged());
    running = std::move(*result);
    running->begin();
  }

  /// Gives a flow an event and waits until it is done with.
  void event(std::size_t source) {
    auto target =
        caf::actor_cast<caf::actor>(w->sources.at(source).targets.front());
    caf::scoped_actor self{sys};
    self->request(target, std::chrono::seconds{20}, message_event{})
        .receive([] {},
                 [](const caf::error& why) { CAF_ERROR(to_string(why)); });
  }

  std::vector<std::string> said() {
    std::unique_lock guard{mutex};
    return texts;
  }

  test_config config;
  caf::actor_system sys;
  std::shared_ptr<world> w;
  registry_actor registry;
  engine_host host;
  std::atomic<int> spawned{0};
  std::mutex mutex;
  std::vector<std::string> texts;
  std::unique_ptr<engine> running;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(engine_reload_tests, fixture)

CAF_TEST(a flow goes on with its runners and counters and new steps) {
  start({from(flow_source::inbound_listener, "a", "old")});
  event(0);
  CAF_CHECK(!running->reload(
      code_of({from(flow_source::inbound_listener, "a", "new")})));
  event(0);
  CAF_CHECK_EQUAL(caf::deep_to_string(said()), R"(["old", "new"])");
  CAF_CHECK_EQUAL(spawned.load(), 1);
  auto infos = running->flows();
  CAF_CHECK_EQUAL(infos.at(0).events, 2u);
  // Nothing about its source has changed.
  CAF_CHECK(w->updates.empty());
}

CAF_TEST(a flow that is gone drops what its sockets send) {
  start({from(flow_source::inbound_listener, "a", "a"),
         from(flow_source::inbound_listener, "b", "b", "/b")});
  CAF_CHECK(!running->reload(
      code_of({from(flow_source::inbound_listener, "b", "b", "/b")})));
  event(0);
  event(1);
  auto infos = running->flows();
  CAF_REQUIRE_EQUAL(infos.size(), 2u);
  CAF_CHECK_EQUAL(infos[0].name, "b");
  CAF_CHECK_EQUAL(infos[0].events, 1u);
  CAF_CHECK(infos[1].removed);
  CAF_CHECK_EQUAL(infos[1].events, 0u);
  CAF_CHECK_EQUAL(infos[1].dropped, 1u);
  CAF_REQUIRE_EQUAL(w->updates.size(), 1u);
  CAF_CHECK_EQUAL(w->updates[0].remove.size(), 1u);
  CAF_CHECK(w->updates[0].add.empty());
  // It comes back, and its sockets with it.
  CAF_CHECK(!running->reload(
      code_of({from(flow_source::inbound_listener, "a", "again"),
               from(flow_source::inbound_listener, "b", "b", "/b")})));
  event(0);
  infos = running->flows();
  CAF_REQUIRE_EQUAL(infos.size(), 2u);
  CAF_CHECK_EQUAL(infos[0].events, 1u);
  CAF_CHECK_EQUAL(spawned.load(), 2);
  auto lines = said();
  CAF_CHECK_EQUAL(lines.back(), "again");
}

CAF_TEST(a flow of another path is routed anew in one step) {
  start({from(flow_source::inbound_listener, "a", "a")});
  CAF_CHECK(!running->reload(
      code_of({from(flow_source::inbound_listener, "a", "a", "/new"),
               from(flow_source::on_inbound_connection, "gate", "g", "/*")})));
  CAF_REQUIRE_EQUAL(w->updates.size(), 1u);
  auto& update = w->updates[0];
  CAF_CHECK_EQUAL(update.remove.size(), 1u);
  CAF_REQUIRE_EQUAL(update.add.size(), 2u);
  CAF_CHECK_EQUAL(update.add[0].path, "/new");
  CAF_CHECK(update.add[1].kind == source_kind::on_inbound_connection);
  CAF_CHECK(update.add[0].targets == w->sources[0].targets);
}

CAF_TEST(a name with another source is another flow) {
  start({from(flow_source::inbound_listener, "a", "a")});
  CAF_CHECK(!running->reload(
      code_of({from(flow_source::outbound_listener, "a", "a")})));
  auto infos = running->flows();
  CAF_REQUIRE_EQUAL(infos.size(), 2u);
  CAF_CHECK(infos[1].removed);
  CAF_CHECK_EQUAL(spawned.load(), 2);
}

CAF_TEST(flows of schedules come and go without a trace) {
  start({from(flow_source::inbound_listener, "a", "a")});
  auto with = code_of({from(flow_source::inbound_listener, "a", "a"),
                       from(flow_source::schedule, "tick", "t")});
  CAF_CHECK(!running->reload(with));
  CAF_CHECK_EQUAL(running->flows().size(), 2u);
  CAF_CHECK(!running->reload(
      code_of({from(flow_source::inbound_listener, "a", "a")})));
  CAF_CHECK_EQUAL(running->flows().size(), 1u);
}

CAF_TEST(a runner that has died is told and replaced) {
  auto code = code_of({from(flow_source::inbound_listener, "a", "a"),
                       from(flow_source::inbound_listener, "b", "b", "/b")});
  start({from(flow_source::inbound_listener, "a", "a"),
         from(flow_source::inbound_listener, "b", "b", "/b")});
  event(0);
  CAF_CHECK(!running->has_dead_runners());
  auto dead = w->sources.at(0).targets.front();
  {
    caf::scoped_actor self{sys};
    self->monitor(caf::actor_cast<caf::actor>(dead));
    self->send_exit(caf::actor_cast<caf::actor>(dead), caf::exit_reason::kill);
    self->receive([](const caf::down_msg&) {});
  }
  CAF_CHECK(running->has_dead_runners());
  auto infos = running->flows();
  CAF_CHECK_EQUAL(infos.at(0).dead_runners, 1u);
  CAF_CHECK_EQUAL(infos.at(1).dead_runners, 0u);
  CAF_CHECK(!running->reload(code));
  CAF_CHECK(!running->has_dead_runners());
  CAF_CHECK_EQUAL(spawned.load(), 3);
  auto texts_so_far = said();
  CAF_CHECK_EQUAL(texts_so_far.back(),
                  "a runner of the flow had died and is replaced");
  // The registry drops what it may still know of, and routes to the new one.
  CAF_REQUIRE_EQUAL(w->updates.size(), 1u);
  auto& update = w->updates[0];
  CAF_CHECK(std::find(update.remove.begin(), update.remove.end(), dead)
            != update.remove.end());
  CAF_REQUIRE_EQUAL(update.add.size(), 1u);
  CAF_CHECK_EQUAL(update.add[0].path, "/a");
  auto fresh = update.add[0].targets.front();
  CAF_CHECK(fresh != dead);
  w->sources.at(0).targets.front() = fresh;
  event(0);
  texts_so_far = said();
  CAF_CHECK_EQUAL(texts_so_far.back(), "a");
  infos = running->flows();
  CAF_CHECK_EQUAL(infos.at(0).events, 2u);
  CAF_CHECK(!running->reload(code));
  CAF_CHECK_EQUAL(w->updates.size(), 1u);
}

CAF_TEST(nothing is taken once it stops) {
  start({from(flow_source::inbound_listener, "a", "old")});
  CAF_CHECK(running->stop(std::chrono::seconds{20}));
  auto problem = running->reload(
      code_of({from(flow_source::inbound_listener, "a", "new")}));
  CAF_CHECK(switchboard::code_of(problem) == errc::connectivity);
}

CAF_TEST_FIXTURE_SCOPE_END()
