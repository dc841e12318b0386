#define CAF_SUITE limits_guard
#include <caf/test/dsl.hpp>

#include <string>
#include <vector>

#include "actors/limits_guard.hpp"

using namespace switchboard;
using namespace switchboard::actors;
using namespace std::chrono_literals;

namespace {

using counts = std::vector<switchboard_statistics::named_count>;

std::string told(const counts& what) {
  std::string result;
  for (auto& entry : what)
    result += entry.name + "=" + std::to_string(entry.count) + " ";
  return result;
}

struct config : caf::actor_system_config {
  config() {
    configure(*this);
  }
};

struct fixture : test_coordinator_fixture<config> {
  limits_guard_setup::memory held{{0, 0}, 0};
  counts reached;
  std::vector<std::string> reports;
  std::vector<std::vector<std::uint64_t>> shed{2};
  std::shared_ptr<net::admission> entry = std::make_shared<net::admission>();
  std::vector<caf::actor> shards;
  caf::actor aut;

  fixture() {
    limits_guard_setup setup;
    for (std::size_t i = 0; i < 2; ++i) {
      shards.push_back(
          sys.spawn([this, i](caf::event_based_actor*) -> caf::behavior {
            return {[this, i](const shed_memory& what) {
              shed[i].push_back(what.bytes);
            }};
          }));
      setup.shards.push_back(
          caf::actor_cast<caf::strong_actor_ptr>(shards.back()));
    }
    setup.held = [this] {
      return held;
    };
    setup.reached = [this] {
      return reached;
    };
    setup.limits.memory = 1600;
    setup.entry = entry;
    setup.on_report = [this](const report& what) {
      auto text = what.text;
      for (auto& [name, value] : what.fields)
        text += " " + name + "=" + value;
      reports.push_back(text);
    };
    aut = sys.spawn<limits_guard>(std::move(setup));
    sched.run();
  }

  ~fixture() {
    caf::anon_send_exit(aut, caf::exit_reason::user_shutdown);
    for (auto& shard : shards)
      caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
    sched.run();
  }

  void pass(std::chrono::milliseconds time) {
    for (; time > 0ms; time -= guard_interval) {
      sched.advance_time(guard_interval);
      sched.run();
    }
  }
};

} // namespace

CAF_TEST(memory is judged by the sum and shed by the part of each shard) {
  struct row {
    std::vector<std::int64_t> held;
    std::int64_t elsewhere;
    bool full;
    std::vector<std::uint64_t> shed;
  };
  std::vector<row> rows{
      {{0, 0}, 0, false, {}},
      {{1599, 0}, 0, false, {}},
      {{800, 800}, 0, false, {}},
      {{1601, 0}, 0, true, {101, 0}},
      {{1200, 1200}, 0, true, {450, 450}},
      {{3000, 1000}, 0, true, {1875, 625}},
      // What one shard has taken another may give back.
      {{3000, -1400}, 0, false, {}},
      {{3000, -1000}, 0, true, {500, 0}},
      {{1000, 0}, 700, true, {200, 0}},
      {{2000, 0}, -400, false, {}},
      {{0, 0}, 2000, true, {0, 0}},
      {{-100, -100}, 0, false, {}},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& what = rows[i];
    CAF_MESSAGE("row " << i);
    auto verdict = judge_memory(what.held, what.elsewhere, 1600);
    CAF_CHECK_EQUAL(verdict.full, what.full);
    CAF_CHECK_EQUAL(verdict.shed, what.shed);
  }
}

CAF_TEST(a shard that gave back what others made has a share by its queues) {
  auto verdict = judge_memory({2000, -400}, 0, 1000, {0, 0});
  CAF_CHECK_EQUAL(verdict.shed, (std::vector<std::uint64_t>{662, 0}));
  verdict = judge_memory({2000, -400}, 0, 1000, {0, 2000});
  CAF_CHECK(verdict.full);
  CAF_CHECK_EQUAL(verdict.shed, (std::vector<std::uint64_t>{331, 331}));
}

CAF_TEST(a limit is told of once and again after a minute of quiet) {
  limit_notices aut;
  limit_notices::time_point zero{};
  struct row {
    std::chrono::seconds at;
    counts now;
    std::string told;
  };
  std::vector<row> rows{
      {0s, {{"a", 0}, {"b", 0}}, ""},
      {1s, {{"a", 2}, {"b", 0}}, "a=2 "},
      {2s, {{"a", 9}, {"b", 1}}, "b=1 "},
      {60s, {{"a", 10}, {"b", 1}}, ""},
      {61s, {{"a", 10}, {"b", 1}}, "a=8 "},
      {62s, {{"a", 11}, {"b", 2}}, "b=1 "},
      {500s, {{"a", 11}, {"b", 2}}, "a=1 "},
      {900s, {{"a", 11}, {"b", 2}}, ""},
  };
  for (auto& what : rows)
    CAF_CHECK_EQUAL(told(aut.take(what.now, zero + what.at)), what.told);
}

CAF_TEST_FIXTURE_SCOPE(limits_guard_tests, fixture)

CAF_TEST(new sockets are refused while there is too much memory in use) {
  pass(guard_interval);
  CAF_CHECK(!entry->full);
  held.shards = {1500, 1700};
  pass(guard_interval);
  CAF_CHECK(entry->full);
  CAF_CHECK_EQUAL(shed[0].size(), 1u);
  CAF_CHECK_EQUAL(shed[1].size(), 1u);
  CAF_CHECK(shed[1].front() > shed[0].front());
  held.shards = {900, 701};
  pass(guard_interval);
  CAF_CHECK(entry->full);
  held.shards = {900, 700};
  pass(guard_interval);
  CAF_CHECK(!entry->full);
  CAF_CHECK_EQUAL(shed[0].size(), 2u);
  pass(1s);
  CAF_CHECK_EQUAL(shed[0].size(), 2u);
}

CAF_TEST(another limit holds from the next look on) {
  held.shards = {1500, 1700};
  limit_options limits;
  limits.memory = 3200;
  caf::anon_send(aut, change_limits{limits});
  pass(guard_interval);
  CAF_CHECK(!entry->full);
  limits.memory = 3199;
  caf::anon_send(aut, change_limits{limits});
  pass(guard_interval);
  CAF_CHECK(entry->full);
}

CAF_TEST(limits that were reached come into the log once) {
  reached = {{"groups", 0}, {"memory", 3}};
  pass(1s);
  CAF_CHECK_EQUAL(reports, (std::vector<std::string>{
                               "limit reached limit=memory times=3"}));
  reached = {{"groups", 1}, {"memory", 300}};
  pass(30s);
  CAF_CHECK_EQUAL(reports.size(), 2u);
  CAF_CHECK_EQUAL(reports.back(), "limit reached limit=groups times=1");
  pass(31s);
  CAF_CHECK_EQUAL(reports.size(), 3u);
  CAF_CHECK_EQUAL(reports.back(), "limit reached limit=memory times=297");
}

CAF_TEST_FIXTURE_SCOPE_END()
