#define CAF_SUITE supervisor
#include <caf/test/dsl.hpp>

#include <string>
#include <vector>

#include "actors/supervisor.hpp"

using namespace switchboard;
using namespace switchboard::actors;
using namespace std::chrono_literals;

namespace {

struct config : caf::actor_system_config {
  config() {
    configure(*this);
  }
};

/// Takes the place of a shard's actor: keeps what it is told.
struct shard_probe {
  std::vector<config_routes_ptr> installed;
  std::vector<caf::actor_addr> dead;
};

caf::behavior fake_shard(caf::event_based_actor*, shard_probe* probe) {
  return {
      [probe](const install_routes& x) {
        probe->installed.push_back(x.routes);
      },
      [probe](const target_died& x) { probe->dead.push_back(x.target); },
  };
}

caf::behavior idle_target(caf::event_based_actor*) {
  return {[](const message_event&) {
  }};
}

struct fixture : test_coordinator_fixture<config> {
  supervisor_setup setup;
  int attempts = 0;
  /// Attempts that fail before one succeeds.
  int failures = 0;
  int ready = 0;
  shard_probe probe;
  supervisor_actor aut;

  fixture() {
    setup.options.name = "chat";
    setup.options.server = server_options{};
    setup.options.server->listener = "main";
    setup.base_path = "/base";
    setup.bind = [this](const std::string&) -> caf::expected<std::string> {
      if (++attempts <= failures)
        return make_error(errc::connectivity, "address already in use");
      return std::string{"127.0.0.1:80"};
    };
    setup.on_ready = [this] {
      ++ready;
    };
    auto shard = sys.spawn(fake_shard, &probe);
    setup.shards = {caf::actor_cast<caf::strong_actor_ptr>(shard)};
  }

  ~fixture() {
    if (aut)
      caf::anon_send_exit(aut, caf::exit_reason::user_shutdown);
    for (auto& shard : setup.shards)
      caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
    sched.run();
  }

  struct outcome {
    bool answered = false;
    caf::error failure;
  };

  std::shared_ptr<outcome> begin() {
    aut = sys.spawn(supervisor, setup);
    auto result = std::make_shared<outcome>();
    auto asker = sys.spawn([result, this](caf::event_based_actor* self) {
      self->request(aut, caf::infinite, begin_atom::value)
          .then([result] { result->answered = true; },
                [result](caf::error& failure) {
                  result->answered = true;
                  result->failure = std::move(failure);
                });
    });
    sched.run();
    return result;
  }

  void pass(caf::timespan time) {
    sched.advance_time(time);
    sched.run();
  }

  caf::error subscribe(const caf::actor& target, const std::string& path) {
    caf::error result;
    inject_source({"chat",
                   source_kind::inbound_listener,
                   path,
                   {caf::actor_cast<caf::strong_actor_ptr>(target)},
                   {},
                   1},
                  result);
    return result;
  }

  void inject_source(subscribe_source_request request, caf::error& result) {
    auto answered = false;
    auto asker = sys.spawn([&](caf::event_based_actor* self) {
      self->request(aut, caf::infinite, std::move(request))
          .then([&] { answered = true; },
                [&](caf::error& failure) {
                  answered = true;
                  result = std::move(failure);
                });
    });
    sched.run();
    CAF_CHECK(answered);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(supervisor_tests, fixture)

CAF_TEST(a listener that can be bound is bound once) {
  auto result = begin();
  CAF_CHECK(result->answered);
  CAF_CHECK(!result->failure);
  CAF_CHECK_EQUAL(attempts, 1);
  CAF_CHECK_EQUAL(ready, 1);
  pass(1h);
  CAF_CHECK_EQUAL(attempts, 1);
}

CAF_TEST(without a strategy one failure is the end and the rest serves) {
  failures = 100;
  auto result = begin();
  CAF_CHECK(result->answered);
  CAF_CHECK(!result->failure);
  pass(1h);
  CAF_CHECK_EQUAL(attempts, 1);
  CAF_CHECK_EQUAL(ready, 0);
}

CAF_TEST(without a strategy fails_deployment tells the cause) {
  failures = 100;
  setup.options.reconnection.fails_deployment = true;
  auto result = begin();
  CAF_CHECK(result->answered);
  CAF_CHECK(code_of(result->failure) == errc::connectivity);
  CAF_CHECK_EQUAL(switchboard::describe(result->failure).message,
                  "address already in use");
}

CAF_TEST(reconnect tries count times more and the start does not wait) {
  failures = 100;
  setup.options.reconnection.strategy = reconnection_strategy::reconnect;
  auto result = begin();
  CAF_CHECK(result->answered);
  CAF_CHECK(!result->failure);
  CAF_CHECK_EQUAL(attempts, 1);
  pass(1999ms);
  CAF_CHECK_EQUAL(attempts, 1);
  pass(1ms);
  CAF_CHECK_EQUAL(attempts, 2);
  pass(2s);
  CAF_CHECK_EQUAL(attempts, 3);
  pass(1h);
  CAF_CHECK_EQUAL(attempts, 3);
}

CAF_TEST(with fails_deployment the start waits until the strategy is spent) {
  failures = 100;
  setup.options.reconnection.strategy = reconnection_strategy::reconnect;
  setup.options.reconnection.fails_deployment = true;
  auto result = begin();
  CAF_CHECK(!result->answered);
  pass(2s);
  CAF_CHECK(!result->answered);
  pass(2s);
  CAF_CHECK(result->answered);
  CAF_CHECK(code_of(result->failure) == errc::retry_exhausted);
  auto text = switchboard::describe(result->failure).message;
  CAF_CHECK(text.find("address already in use") != std::string::npos);
}

CAF_TEST(with fails_deployment a late success is a success) {
  failures = 2;
  setup.options.reconnection.strategy = reconnection_strategy::reconnect;
  setup.options.reconnection.fails_deployment = true;
  auto result = begin();
  pass(2s);
  CAF_CHECK(!result->answered);
  pass(2s);
  CAF_CHECK(result->answered);
  CAF_CHECK(!result->failure);
  CAF_CHECK_EQUAL(ready, 1);
}

CAF_TEST(reconnect forever goes on for as long as it takes) {
  failures = 50;
  setup.options.reconnection.strategy =
      reconnection_strategy::reconnect_forever;
  begin();
  for (auto i = 0; i < 49; ++i)
    pass(2s);
  CAF_CHECK_EQUAL(ready, 0);
  pass(2s);
  CAF_CHECK_EQUAL(attempts, 51);
  CAF_CHECK_EQUAL(ready, 1);
}

CAF_TEST(a source is installed on every shard before it is confirmed) {
  begin();
  auto target = sys.spawn(idle_target);
  CAF_CHECK(!subscribe(target, "/rooms/{room}"));
  // The first one tells the shards that the configuration exists.
  CAF_REQUIRE_EQUAL(probe.installed.size(), 2u);
  auto& routes = *probe.installed.back();
  CAF_CHECK_EQUAL(routes.config, "chat");
  CAF_CHECK_EQUAL(routes.base_path, "/base");
  CAF_REQUIRE_EQUAL(routes.listeners.size(), 1u);
  CAF_CHECK_EQUAL(routes.listeners[0]->pattern.text(), "/rooms/{room}");
  caf::anon_send_exit(target, caf::exit_reason::kill);
  sched.run();
}

CAF_TEST(two sources that match the same paths are refused) {
  begin();
  auto target = sys.spawn(idle_target);
  CAF_CHECK(!subscribe(target, "/a/{x}"));
  CAF_CHECK(code_of(subscribe(target, "/a/{y}")) == errc::invalid_argument);
  CAF_CHECK(!subscribe(target, "/a/b"));
  CAF_CHECK(code_of(subscribe(target, "/*/b")) == errc::invalid_argument);
  caf::anon_send_exit(target, caf::exit_reason::kill);
  sched.run();
}

CAF_TEST(the strategy of a source stands in place of the listeners) {
  failures = 3;
  aut = sys.spawn(supervisor, setup);
  auto target = sys.spawn(idle_target);
  subscribe_source_request request;
  request.config = "chat";
  request.path = "/a";
  request.targets = {caf::actor_cast<caf::strong_actor_ptr>(target)};
  request.reconnection.emplace();
  request.reconnection->strategy = reconnection_strategy::reconnect;
  request.reconnection->frequency = 1s;
  request.reconnection->count = 3;
  caf::error problem;
  inject_source(request, problem);
  CAF_CHECK(!problem);
  request.kind = source_kind::on_socket_closed;
  inject_source(request, problem);
  CAF_CHECK(!problem);
  request.path = "/b";
  request.reconnection->count = 4;
  inject_source(request, problem);
  CAF_CHECK(code_of(problem) == errc::invalid_argument);
  caf::anon_send(aut, begin_atom::value);
  sched.run();
  CAF_CHECK_EQUAL(attempts, 1);
  pass(1s);
  CAF_CHECK_EQUAL(attempts, 2);
  pass(1s);
  pass(1s);
  CAF_CHECK_EQUAL(attempts, 4);
  CAF_CHECK_EQUAL(ready, 1);
  caf::anon_send_exit(target, caf::exit_reason::kill);
  sched.run();
}

CAF_TEST(a target that dies takes its source with it) {
  begin();
  auto target = sys.spawn(idle_target);
  CAF_CHECK(!subscribe(target, "/a"));
  caf::anon_send_exit(target, caf::exit_reason::kill);
  sched.run();
  CAF_REQUIRE_EQUAL(probe.installed.size(), 3u);
  CAF_CHECK(probe.installed.back()->listeners.empty());
  CAF_CHECK_EQUAL(probe.dead.size(), 1u);
  auto next = sys.spawn(idle_target);
  CAF_CHECK(!subscribe(next, "/a"));
  caf::anon_send_exit(next, caf::exit_reason::kill);
  sched.run();
}

CAF_TEST_FIXTURE_SCOPE_END()
