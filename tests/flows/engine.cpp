#define CAF_SUITE flows.engine

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "tests/flows/fakes.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

flow_options from(flow_source source, std::string name,
                  std::vector<step_options> steps = {log("ran")}) {
  auto result = make_flow(std::move(name), std::move(steps));
  result.source = source;
  result.path = "/" + result.name;
  result.default_groups = {"g"};
  if (source == flow_source::startup || source == flow_source::schedule
      || source == flow_source::none)
    result.config.clear();
  if (source == flow_source::schedule)
    result.every = std::chrono::milliseconds{5};
  return result;
}

/// A real actor system: the engine waits for answers on its own thread.
struct fixture {
  fixture() : sys(config), w(std::make_shared<world>()) {
    registry = sys.spawn(fake_registry, w);
    host = {registry, 2, [this](std::size_t shard, runner_settings settings) {
              shards.push_back(shard);
              return sys.spawn<runner>(std::move(settings));
            }};
  }

  ~fixture() {
    caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
  }

  caf::expected<std::unique_ptr<engine>>
  start(const std::vector<flow_options>& flows) {
    auto code = compile(flows);
    if (!code.value)
      CAF_FAIL(code.diagnostics.front().message);
    auto sink = [this](const report& what) {
      std::unique_lock guard{mutex};
      texts.push_back(what.text);
      changed.notify_all();
    };
    auto result = engine::start(host, sys, code.value, sink);
    if (result)
      (*result)->begin();
    return result;
  }

  bool wait_for(std::size_t count) {
    std::unique_lock guard{mutex};
    return changed.wait_for(guard, std::chrono::seconds{20},
                            [&] { return texts.size() >= count; });
  }

  test_config config;
  caf::actor_system sys;
  std::shared_ptr<world> w;
  registry_actor registry;
  engine_host host;
  std::vector<std::size_t> shards;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> texts;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(engine_tests, fixture)

CAF_TEST(sources are subscribed with one runner for each shard) {
  auto result = start({from(flow_source::inbound_listener, "in"),
                       from(flow_source::on_inbound_connection, "gate"),
                       from(flow_source::on_socket_closed, "bye"),
                       from(flow_source::none, "called")});
  CAF_REQUIRE(result.engaged());
  CAF_REQUIRE_EQUAL(w->sources.size(), 3u);
  CAF_CHECK(w->sources[0].kind == source_kind::on_socket_closed);
  CAF_CHECK(w->sources[1].kind == source_kind::on_inbound_connection);
  CAF_CHECK(w->sources[2].kind == source_kind::inbound_listener);
  for (auto& source : w->sources) {
    CAF_CHECK_EQUAL(source.config, "main");
    CAF_CHECK_EQUAL(source.targets.size(), 2u);
    CAF_CHECK_EQUAL(source.credit, 1u);
  }
  CAF_CHECK_EQUAL(w->sources[2].path, "/in");
  CAF_CHECK_EQUAL(caf::deep_to_string(w->sources[2].default_groups),
                  R"(["g"])");
  CAF_CHECK(w->sources[0].default_groups.empty());
  CAF_CHECK_EQUAL(caf::deep_to_string(shards), "[0, 1, 0, 1, 0, 1]");
  auto infos = (*result)->flows();
  CAF_REQUIRE_EQUAL(infos.size(), 4u);
  CAF_CHECK_EQUAL(infos[0].name, "in");
  CAF_CHECK_EQUAL(name_of(infos[1].source), "on-inbound-connection");
  CAF_CHECK_EQUAL(infos[3].events, 0u);
}

CAF_TEST(a source that is refused fails the start) {
  w->refused_path = "/in";
  auto result = start({from(flow_source::inbound_listener, "in")});
  CAF_REQUIRE(!result.engaged());
  CAF_CHECK(code_of(result.error()) == errc::invalid_argument);
  CAF_CHECK_EQUAL(describe(result.error()).message,
                  "flow in: the path is taken");
}

CAF_TEST(startup runs once and a schedule runs on until it is stopped) {
  auto result = start({from(flow_source::startup, "first"),
                       from(flow_source::schedule, "again")});
  CAF_REQUIRE(result.engaged());
  CAF_CHECK(wait_for(4));
  CAF_CHECK((*result)->stop(std::chrono::seconds{20}));
  auto before = (*result)->flows();
  CAF_CHECK_EQUAL(before[0].events, 1u);
  CAF_CHECK(before[1].events >= 3);
  CAF_CHECK_EQUAL(before[1].in_work, 0u);
  // A tick that was under way when it stopped is taken and does nothing.
  CAF_CHECK((*result)->stop(std::chrono::seconds{20}));
  auto after = (*result)->flows();
  CAF_CHECK_EQUAL(after[1].events, before[1].events);
}

CAF_TEST(stopping tells when work is left) {
  w->hold = true;
  auto stuck = from(flow_source::startup, "stuck", {log("in"), send("x")});
  std::get<send_step>(stuck.steps[1].form).socket_id = text("s9");
  auto result = start({stuck});
  CAF_REQUIRE(result.engaged());
  CAF_CHECK(wait_for(1));
  CAF_CHECK(!(*result)->stop(std::chrono::milliseconds{20}));
  auto now = (*result)->flows();
  CAF_CHECK_EQUAL(now[0].in_work, 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
