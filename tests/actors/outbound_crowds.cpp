#define CAF_SUITE outbound_crowds
#include <caf/test/dsl.hpp>

#include "keeper_rig.hpp"

using namespace switchboard;
using namespace switchboard::actors;

using fixture = keeper_rig;

CAF_TEST_FIXTURE_SCOPE(outbound_crowds_tests, fixture)

CAF_TEST(jitter spreads the first attempts of a thousand sockets) {
  auto& strategy = options.reconnection;
  strategy.strategy = reconnection_strategy::reconnect_forever;
  strategy.frequency = 1s;
  strategy.backoff.jitter = 1.0;
  start();
  constexpr auto count = 1000u;
  for (auto i = 0u; i < count; ++i)
    open();
  pass(1min);
  for (auto i = 0u; i < count; ++i)
    lose(i);
  // All within one frequency, and no tenth of it has more than twice its
  // share.
  auto before = dials();
  for (auto tenth = 0; tenth < 10; ++tenth) {
    pass(100ms);
    auto now = dials();
    CAF_CHECK_LESS(now - before, count / 5);
    CAF_CHECK_GREATER(now - before, count / 20);
    before = now;
  }
  CAF_CHECK_EQUAL(dials(), 2 * count);
}

CAF_TEST(an opening beyond the limit waits for a place) {
  options.client->max_connections = 2;
  start();
  CAF_CHECK(!open()->failure);
  CAF_CHECK(!open()->failure);
  auto third = open();
  auto fourth = open();
  CAF_CHECK(!third->answered);
  pass(10s);
  end(0);
  CAF_CHECK(third->answered);
  CAF_CHECK(!third->failure);
  // What is left of its time.
  CAF_CHECK(script.dialed.back().patience == 20s);
  CAF_CHECK(!fourth->answered);
  pass(20s);
  CAF_CHECK(fourth->answered);
  CAF_CHECK(code_of(fourth->failure) == errc::connectivity);
  auto text = fourth->text();
  CAF_CHECK(text.find("connection limit exceeded") != std::string::npos);
  CAF_CHECK(sockets->reserve("s4"));
  // Its wait is over: a place that comes free stays free.
  end(1);
  CAF_CHECK_EQUAL(dials(), 3u);
  CAF_CHECK(!open()->failure);
}

CAF_TEST(an opening that fails gives its place up) {
  options.client->max_connections = 1;
  script_of({errc::not_found, good});
  start();
  CAF_CHECK(code_of(open()->failure) == errc::not_found);
  CAF_CHECK(!open()->failure);
}

CAF_TEST(a socket in reconnection keeps its place) {
  options.client->max_connections = 1;
  options.reconnection.strategy = reconnection_strategy::reconnect_forever;
  script_of({good, errc::connectivity});
  start();
  open();
  pass(1min);
  lose();
  auto second = open();
  pass(29s);
  CAF_CHECK(!second->answered);
  pass(1s);
  CAF_CHECK(code_of(second->failure) == errc::connectivity);
}

CAF_TEST(what cannot be dialed is refused before any attempt) {
  start();
  outbound_options request;
  request.path = "/{nobody}";
  CAF_CHECK(code_of(open(request)->failure) == errc::invalid_argument);
  request.path = "/x";
  request.default_groups = {""};
  CAF_CHECK(code_of(open(request)->failure) == errc::invalid_argument);
  CAF_CHECK_EQUAL(dials(), 0u);
  CAF_CHECK(sockets->reserve("s1"));
}

CAF_TEST(a configuration without client settings opens nothing) {
  options.client.reset();
  options.server.emplace();
  setup.options = options;
  setup.sockets = sockets;
  auto shard = sys.spawn(fake_shard, &script);
  setup.shards = {caf::actor_cast<caf::strong_actor_ptr>(shard)};
  aut = sys.spawn(supervisor, setup);
  CAF_CHECK(code_of(open()->failure) == errc::invalid_argument);
}

CAF_TEST(at the stop those that wait are told and nobody dials) {
  options.reconnection.strategy = reconnection_strategy::reconnect_forever;
  options.client->max_connections = 2;
  script_of({good, errc::connectivity});
  start();
  open();
  pass(1min);
  auto retrying = open();
  auto queued = open();
  CAF_CHECK(!retrying->answered);
  caf::anon_send(aut, stop_dialing{});
  sched.run();
  CAF_CHECK(code_of(retrying->failure) == errc::connectivity);
  CAF_CHECK(code_of(queued->failure) == errc::connectivity);
  auto before = dials();
  CAF_CHECK(code_of(open()->failure) == errc::connectivity);
  lose();
  pass(1h);
  CAF_CHECK_EQUAL(dials(), before);
}

CAF_TEST_FIXTURE_SCOPE_END()
