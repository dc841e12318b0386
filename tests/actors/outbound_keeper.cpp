#define CAF_SUITE outbound_keeper
#include <caf/test/dsl.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "actors/socket.hpp"
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

/// Takes the place of a shard's actor: each handshake comes out as the script
/// says, and as the last entry says for ever after.
struct shard_script {
  std::deque<std::optional<errc>> outcomes{std::nullopt};
  /// Whether handshakes stay without an answer.
  bool silent = false;
  std::vector<open_outbound> dialed;
  std::vector<std::chrono::nanoseconds> patience;
  std::vector<caf::strong_actor_ptr> sockets;
  /// What the sockets were told at their end.
  std::vector<caf::error> given_up;
  std::vector<caf::typed_response_promise<caf::strong_actor_ptr>> unanswered;
};

/// An outbound socket as its supervisor sees it.
caf::behavior fake_socket(caf::event_based_actor* self, shard_script* script) {
  return {[=](const outbound_given_up& what) {
    script->given_up.push_back(what.why);
    self->quit();
  }};
}

caf::behavior fake_shard(caf::event_based_actor* self, shard_script* script) {
  return {
      [=](const install_routes&) {},
      [=](const open_outbound& what) -> caf::result<caf::strong_actor_ptr> {
        script->dialed.push_back(what);
        if (script->silent) {
          auto promise = self->make_response_promise<caf::strong_actor_ptr>();
          script->unanswered.push_back(promise);
          return promise;
        }
        auto outcome = script->outcomes.front();
        if (script->outcomes.size() > 1)
          script->outcomes.pop_front();
        if (outcome)
          return make_error(*outcome, "the peer said no");
        if (what.socket)
          return what.socket;
        auto made = self->spawn(fake_socket, script);
        script->sockets.push_back(caf::actor_cast<caf::strong_actor_ptr>(made));
        return script->sockets.back();
      },
  };
}

struct fixture : test_coordinator_fixture<config> {
  supervisor_setup setup;
  shard_script script;
  websocket_options options;
  std::shared_ptr<socket_index> sockets = std::make_shared<socket_index>();
  supervisor_actor aut;
  std::vector<std::string> reports;

  fixture() {
    options.name = "feed";
    options.client.emplace();
    options.client->host = "peer.example";
  }

  void start() {
    setup.options = options;
    setup.sockets = sockets;
    setup.profile = make_client_profile(options, nullptr, nullptr);
    setup.on_report = [this](const report& what) {
      reports.push_back(what.text);
    };
    auto shard = sys.spawn(fake_shard, &script);
    setup.shards = {caf::actor_cast<caf::strong_actor_ptr>(shard)};
    aut = sys.spawn(supervisor, setup);
    sched.run();
  }

  ~fixture() {
    if (aut)
      caf::anon_send_exit(aut, caf::exit_reason::user_shutdown);
    for (auto& socket : script.sockets)
      caf::anon_send_exit(socket, caf::exit_reason::kill);
    for (auto& shard : setup.shards)
      caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
    script.unanswered.clear();
    sched.run();
  }

  struct outcome {
    std::string id;
    caf::error failure;
    bool answered = false;

    std::string text() const {
      return switchboard::describe(failure).message;
    }
  };

  std::shared_ptr<outcome> open(outbound_options request) {
    if (request.socket_id.empty())
      request.socket_id = "s" + std::to_string(++last_id);
    CAF_REQUIRE(sockets->reserve(request.socket_id));
    auto result = std::make_shared<outcome>();
    sys.spawn([=, this](caf::event_based_actor* self) {
      self->request(aut, caf::infinite, request)
          .then(
              [result](std::string& id) {
                result->id = std::move(id);
                result->answered = true;
              },
              [result](caf::error& failure) {
                result->failure = std::move(failure);
                result->answered = true;
              });
    });
    sched.run();
    return result;
  }

  std::shared_ptr<outcome> open() {
    return open({});
  }

  /// In steps, because a timer that fires counts the next from when it is
  /// seen to.
  void pass(caf::timespan time) {
    while (time.count() > 0) {
      auto now = std::min(time, step);
      sched.advance_time(now);
      sched.run();
      time -= now;
    }
  }

  void lose(std::size_t which = 0) {
    caf::anon_send(aut, outbound_lost{script.sockets.at(which), "", "1006"});
    sched.run();
  }

  void end(std::size_t which = 0) {
    caf::anon_send_exit(script.sockets.at(which),
                        caf::exit_reason::user_shutdown);
    sched.run();
  }

  std::size_t dials() const {
    return script.dialed.size();
  }

  void script_of(std::initializer_list<std::optional<errc>> outcomes) {
    script.outcomes = outcomes;
  }

  int last_id = 0;
  caf::timespan step = 500ms;
};

constexpr auto good = std::nullopt;

} // namespace

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
