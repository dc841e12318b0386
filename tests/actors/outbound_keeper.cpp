#define CAF_SUITE outbound_keeper
#include <caf/test/dsl.hpp>

#include "keeper_rig.hpp"

using namespace switchboard;
using namespace switchboard::actors;

using fixture = keeper_rig;

CAF_TEST_FIXTURE_SCOPE(outbound_keeper_tests, fixture)

CAF_TEST(a socket is opened once and answers with its id) {
  options.client->base_path = "/base";
  start();
  outbound_options request;
  request.config = "feed";
  request.socket_id = "mine";
  request.default_groups = {"g"};
  request.path = "/x";
  auto result = open(request);
  CAF_CHECK(result->answered);
  CAF_CHECK(!result->failure);
  CAF_CHECK_EQUAL(result->id, "mine");
  CAF_REQUIRE_EQUAL(dials(), 1u);
  auto& plan = *script.dialed[0].plan;
  CAF_CHECK_EQUAL(plan.target.request_uri, "/base/x");
  CAF_CHECK_EQUAL(plan.relative_path, "/x");
  CAF_CHECK_EQUAL(plan.address(), "peer.example:80");
  CAF_CHECK_EQUAL(plan.groups.size(), 1u);
  CAF_CHECK(script.dialed[0].patience == 30s);
  pass(1h);
  CAF_CHECK_EQUAL(dials(), 1u);
}

CAF_TEST(the first attempts follow the strategy) {
  struct row {
    const char* what;
    reconnection_strategy strategy;
    std::uint32_t count;
    bool blocking;
    std::deque<std::optional<errc>> outcomes;
    /// Attempts that were made when nothing more comes.
    std::size_t attempts;
    /// Of the answer, or good.
    std::optional<errc> answer;
    /// When the answer comes.
    std::chrono::milliseconds after;
  };
  using enum reconnection_strategy;
  using enum errc;
  std::vector<row> rows{
      {"none: the cause at once",
       none,
       9,
       true,
       {connectivity},
       1,
       connectivity,
       0ms},
      {"none: 503 at once",
       none,
       9,
       true,
       {service_unavailable},
       1,
       service_unavailable,
       0ms},
      {"reconnect: spent",
       reconnect,
       2,
       true,
       {connectivity},
       3,
       retry_exhausted,
       4000ms},
      {"reconnect: count 0",
       reconnect,
       0,
       true,
       {connectivity},
       1,
       retry_exhausted,
       0ms},
      {"reconnect: the last one is good",
       reconnect,
       2,
       true,
       {connectivity, remotely_closed, good},
       3,
       good,
       4000ms},
      {"reconnect: 500 is retried",
       reconnect,
       2,
       true,
       {internal_server_error, service_unavailable, good},
       3,
       good,
       4000ms},
      {"reconnect: 401 is final",
       reconnect,
       2,
       true,
       {unauthorized},
       1,
       unauthorized,
       0ms},
      {"reconnect: wrong credentials are final",
       reconnect,
       2,
       true,
       {basic_authentication},
       1,
       basic_authentication,
       0ms},
      {"reconnect: 403 is final",
       reconnect,
       2,
       true,
       {forbidden},
       1,
       forbidden,
       0ms},
      {"reconnect: 404 is final, later as well",
       reconnect,
       2,
       true,
       {connectivity, not_found},
       2,
       not_found,
       2000ms},
      {"forever: as long as it takes",
       reconnect_forever,
       0,
       true,
       {connectivity, connectivity, connectivity, connectivity, good},
       5,
       good,
       8000ms},
      {"not blocking: fails at once, goes on",
       reconnect_forever,
       0,
       false,
       {connectivity, connectivity, good},
       3,
       connectivity,
       0ms},
      {"not blocking: any cause reads as CONNECTIVITY",
       reconnect,
       1,
       false,
       {service_unavailable, good},
       2,
       connectivity,
       0ms},
      {"not blocking: final is final",
       reconnect_forever,
       0,
       false,
       {not_found},
       1,
       not_found,
       0ms},
  };
  for (auto& row : rows) {
    CAF_MESSAGE(row.what);
    fixture board;
    board.options.reconnection.strategy = row.strategy;
    board.options.reconnection.count = row.count;
    board.options.reconnection.blocking = row.blocking;
    board.script.outcomes = row.outcomes;
    board.start();
    auto result = board.open();
    if (row.after.count() > 0) {
      CAF_CHECK(!result->answered);
      board.pass(row.after - 1ms);
      CAF_CHECK(!result->answered);
      board.pass(1ms);
    }
    CAF_CHECK(result->answered);
    CAF_CHECK(code_of(result->failure) == row.answer);
    board.pass(1min);
    CAF_CHECK_EQUAL(board.dials(), row.attempts);
    // The id is free again where nothing came of it.
    auto opened = !board.script.sockets.empty();
    CAF_CHECK_EQUAL(board.sockets->reserve("s1"), !opened);
  }
}

CAF_TEST(retry exhausted holds the last cause) {
  options.reconnection.strategy = reconnection_strategy::reconnect;
  script_of(
      {errc::connectivity, errc::connectivity, errc::service_unavailable});
  start();
  auto result = open();
  pass(4s);
  auto text = result->text();
  CAF_CHECK(code_of(result->failure) == errc::retry_exhausted);
  CAF_CHECK(text.find("3 attempts") != std::string::npos);
  CAF_CHECK(text.find("SERVICE_UNAVAILABLE") != std::string::npos);
  CAF_CHECK(text.find("the peer said no") != std::string::npos);
  CAF_CHECK(text.find("peer.example:80") != std::string::npos);
}

CAF_TEST(a lost socket is dialed at once and keeps its handle) {
  options.reconnection.strategy = reconnection_strategy::reconnect_forever;
  start();
  open();
  for (auto generation = 1u; generation <= 3; ++generation) {
    pass(1min);
    lose();
    CAF_REQUIRE_EQUAL(dials(), generation + 1);
    auto& again = script.dialed.back();
    CAF_CHECK(again.socket == script.sockets[0]);
    CAF_CHECK_EQUAL(again.generation, generation);
    CAF_CHECK(again.patience == 30s);
  }
  CAF_CHECK_EQUAL(script.sockets.size(), 1u);
}

CAF_TEST(a peer that is away is called again once a frequency) {
  options.reconnection.strategy = reconnection_strategy::reconnect_forever;
  options.reconnection.frequency = 500ms;
  script_of({good, errc::connectivity});
  start();
  open();
  pass(1min);
  lose();
  CAF_CHECK_EQUAL(dials(), 2u);
  for (auto more = 1u; more <= 100; ++more) {
    pass(499ms);
    CAF_REQUIRE_EQUAL(dials(), 1 + more);
    pass(1ms);
    CAF_REQUIRE_EQUAL(dials(), 2 + more);
  }
  script_of({good});
  pass(500ms);
  auto back = dials();
  pass(1h);
  CAF_CHECK_EQUAL(dials(), back);
  CAF_CHECK(script.given_up.empty());
}

CAF_TEST(attempts count anew only after the connection has stayed up) {
  options.reconnection.strategy = reconnection_strategy::reconnect;
  options.reconnection.count = 2;
  start();
  open();
  pass(1min);
  // Each comes back and is lost at once: one attempt at once, then those of
  // the strategy.
  lose();
  CAF_CHECK_EQUAL(dials(), 2u);
  lose();
  CAF_CHECK_EQUAL(dials(), 2u);
  pass(2s);
  CAF_CHECK_EQUAL(dials(), 3u);
  pass(1999ms);
  lose();
  pass(2s);
  CAF_CHECK_EQUAL(dials(), 4u);
  // This one lasts, so that the count begins again.
  pass(2s);
  lose();
  CAF_CHECK_EQUAL(dials(), 5u);
  lose();
  pass(2s);
  lose();
  pass(2s);
  CAF_CHECK_EQUAL(dials(), 7u);
  CAF_CHECK(script.given_up.empty());
  lose();
  CAF_REQUIRE_EQUAL(script.given_up.size(), 1u);
  CAF_CHECK(code_of(script.given_up[0]) == errc::retry_exhausted);
  pass(1h);
  CAF_CHECK_EQUAL(dials(), 7u);
}

CAF_TEST(a spent strategy ends the socket with its last cause) {
  options.reconnection.strategy = reconnection_strategy::reconnect;
  options.reconnection.count = 1;
  script_of({good, errc::connectivity});
  start();
  open();
  pass(1min);
  lose();
  pass(2s);
  CAF_CHECK_EQUAL(dials(), 3u);
  CAF_REQUIRE_EQUAL(script.given_up.size(), 1u);
  CAF_CHECK(code_of(script.given_up[0]) == errc::retry_exhausted);
  CAF_CHECK(std::find(reports.begin(), reports.end(),
                      "giving up on an outbound socket")
            != reports.end());
}

CAF_TEST(a final error ends the attempts to reconnect) {
  options.reconnection.strategy = reconnection_strategy::reconnect_forever;
  script_of({good, errc::connectivity, errc::forbidden});
  start();
  open();
  pass(1min);
  lose();
  pass(2s);
  CAF_REQUIRE_EQUAL(script.given_up.size(), 1u);
  CAF_CHECK(code_of(script.given_up[0]) == errc::forbidden);
  pass(1h);
  CAF_CHECK_EQUAL(dials(), 3u);
}

CAF_TEST(backoff grows the wait up to its cap and starts over) {
  auto& strategy = options.reconnection;
  strategy.strategy = reconnection_strategy::reconnect_forever;
  strategy.frequency = 1s;
  strategy.backoff = {2.0, 5s, 0.0};
  script_of({good, errc::connectivity});
  start();
  open();
  pass(1min);
  lose();
  auto expected = dials();
  for (auto wait : {1s, 2s, 4s, 5s, 5s}) {
    pass(wait - 1ms);
    CAF_CHECK_EQUAL(dials(), expected);
    pass(1ms);
    CAF_CHECK_EQUAL(dials(), ++expected);
  }
  script_of({good});
  pass(5s);
  ++expected;
  CAF_CHECK_EQUAL(dials(), expected);
  // Up, but for less than the wait before it.
  pass(4s);
  script_of({errc::connectivity});
  lose();
  CAF_CHECK_EQUAL(dials(), expected);
  pass(5s);
  CAF_CHECK_EQUAL(dials(), ++expected);
}

CAF_TEST(the strategy of one call stands in place of the usual one) {
  options.reconnection.strategy = reconnection_strategy::reconnect_forever;
  script_of({errc::connectivity});
  start();
  outbound_options request;
  request.reconnection.emplace();
  auto once = open(request);
  CAF_CHECK(code_of(once->failure) == errc::connectivity);
  request.reconnection->strategy = reconnection_strategy::reconnect;
  request.reconnection->frequency = 10ms;
  request.reconnection->count = 4;
  auto five = open(request);
  step = 10ms;
  pass(40ms);
  CAF_CHECK(code_of(five->failure) == errc::retry_exhausted);
  CAF_CHECK_EQUAL(dials(), 6u);
}

CAF_TEST(the strategy of a source is for the sockets on its path) {
  script_of({errc::connectivity});
  start();
  auto target = sys.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](const message_event&) {
    }};
  });
  subscribe_source_request source;
  source.config = "feed";
  source.kind = source_kind::outbound_listener;
  source.path = "/kept/*";
  source.targets = {caf::actor_cast<caf::strong_actor_ptr>(target)};
  source.reconnection.emplace();
  source.reconnection->strategy = reconnection_strategy::reconnect;
  source.reconnection->frequency = 10ms;
  source.reconnection->count = 2;
  caf::anon_send(aut, source);
  sched.run();
  outbound_options request;
  request.path = "/kept/one";
  auto kept = open(request);
  request.path = "/other";
  auto other = open(request);
  request.path = "/kept/two";
  request.reconnection.emplace();
  auto own = open(request);
  CAF_CHECK(code_of(other->failure) == errc::connectivity);
  CAF_CHECK(code_of(own->failure) == errc::connectivity);
  CAF_CHECK(!kept->answered);
  step = 10ms;
  pass(20ms);
  CAF_CHECK(code_of(kept->failure) == errc::retry_exhausted);
  CAF_CHECK_EQUAL(dials(), 5u);
  caf::anon_send_exit(target, caf::exit_reason::kill);
  sched.run();
}

CAF_TEST(a socket lost before its handshake was told of is dialed again) {
  options.reconnection.strategy = reconnection_strategy::reconnect_forever;
  script.silent = true;
  start();
  auto result = open();
  auto socket = sys.spawn(fake_socket, &script);
  script.sockets.push_back(caf::actor_cast<caf::strong_actor_ptr>(socket));
  caf::anon_send(aut, outbound_lost{script.sockets[0], "s1", "1006"});
  sched.run();
  CAF_CHECK_EQUAL(dials(), 1u);
  script.unanswered[0].deliver(script.sockets[0]);
  sched.run();
  CAF_CHECK(result->answered);
  CAF_CHECK(!result->failure);
  pass(2s);
  CAF_CHECK_EQUAL(dials(), 2u);
}

CAF_TEST_FIXTURE_SCOPE_END()
