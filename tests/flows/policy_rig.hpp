#pragma once

// A flow with a policy, on any number of shards, in virtual time.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "flows/store/memory_store.hpp"
#include "tests/flows/fakes.hpp"

namespace switchboard::flows::testing {

/// A memory store that can fail, and keep answers back.
class fake_store final : public object_store {
public:
  explicit fake_store(std::function<memory_store::time_point()> now)
      : object_store("fake"), inner_(options(), std::move(now)) {
    // nop
  }

  static object_store_options options() {
    object_store_options result;
    result.name = "fake";
    return result;
  }

  void load(std::string key, reply then) override {
    ++loads;
    last_key = key;
    if (fails_loads)
      return then(refusal("no disk"));
    inner_.load(std::move(key), std::move(then));
  }

  void update(std::string key, change how, reply then) override {
    ++updates;
    if (fails_updates)
      return then(refusal("no room"));
    if (!holds_updates)
      return inner_.update(std::move(key), std::move(how), std::move(then));
    inner_.update(std::move(key), std::move(how),
                  [this, then = std::move(then)](store_answer&& answer) {
                    held.push_back([then, answer] {
                      auto copy = answer;
                      then(std::move(copy));
                    });
                  });
  }

  store_statistics statistics() const override {
    return inner_.statistics();
  }

  bool fails_loads = false;
  bool fails_updates = false;
  bool holds_updates = false;
  std::deque<std::function<void()>> held;
  int loads = 0;
  int updates = 0;
  std::string last_key;

private:
  memory_store inner_;
};

struct policy_rig : test_coordinator_fixture<test_config> {
  /// Becomes true with the answer.
  using answer_handle = std::shared_ptr<bool>;

  policy_rig() : w(std::make_shared<world>()) {
    registry = sys.spawn(fake_registry, w);
    for (auto& one : sockets)
      one = sys.spawn(fake_socket, w);
    store = std::make_shared<fake_store>([this] { return now(); });
    guard = std::make_shared<redelivery_guard>(store);
    sched.run();
  }

  ~policy_rig() {
    w->held.clear();
    // Answers hold runners, which hold the store.
    store->held.clear();
    for (auto& one : runners)
      caf::anon_send_exit(one, caf::exit_reason::kill);
    for (auto& one : sockets)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
    sched.run();
  }

  memory_store::time_point now() {
    return sched.clock().now();
  }

  void pass(std::chrono::nanoseconds time) {
    sched.advance_time(
        std::chrono::duration_cast<caf::actor_clock::duration_type>(time));
    sched.run();
  }

  void spawn(std::vector<flow_options> flows, std::size_t shards = 1) {
    auto code = compile(flows);
    if (!code.value)
      CAF_FAIL(code.diagnostics.front().message);
    for (auto& one : runners)
      caf::anon_send_exit(one, caf::exit_reason::kill);
    runners.clear();
    sched.run();
    counters = std::make_shared<flow_counters>();
    auto& limit = code.value->flows[0].max_concurrency;
    auto gate = limit > 0 ? std::make_shared<concurrency_gate>(limit) : nullptr;
    for (std::size_t i = 0; i < shards; ++i)
      runners.push_back(sys.spawn<runner>(
          runner_settings{code.value,
                          0,
                          registry,
                          reports.sink(),
                          counters,
                          std::make_shared<lua_sandbox>(code.value->chunks),
                          {},
                          gate,
                          {},
                          nullptr,
                          guard}));
    sched.run();
  }

  /// Sends a message; the answer is there once its flow is done.
  answer_handle give(std::string content, std::size_t socket = 0,
                     std::size_t shard = 0, bool binary = false,
                     std::string type = {}) {
    auto id = "s" + std::to_string(socket + 1);
    message_event event{caf::actor_cast<caf::strong_actor_ptr>(sockets[socket]),
                        make_attributes(id, std::move(type)),
                        payload{std::move(content), binary}};
    auto done = std::make_shared<bool>(false);
    sys.spawn([=, to = runners[shard]](caf::event_based_actor* asking) {
      asking->request(to, caf::infinite, event)
          .then([done] { *done = true; }, [](const caf::error&) {});
    });
    sched.run();
    return done;
  }

  /// Whether the flow is done with a message.
  static bool is_done(const answer_handle& answer) {
    return *answer;
  }

  /// Lines since the last call, without the fields behind them.
  std::vector<std::string> told() {
    auto lines = std::exchange(reports.lines(), {});
    for (auto& line : lines)
      line.resize(std::min(line.size(), line.find(" flow=")));
    return lines;
  }

  std::vector<std::string> seen() {
    return std::exchange(w->seen, {});
  }

  std::shared_ptr<world> w;
  registry_actor registry;
  socket_actor sockets[3];
  std::shared_ptr<fake_store> store;
  std::shared_ptr<redelivery_guard> guard;
  std::vector<caf::actor> runners;
  std::shared_ptr<flow_counters> counters;
  report_list reports;
};

/// A flow that answers with the payload, fails where that fails, and tells.
inline flow_options make_counted(redelivery_options how = {}) {
  auto result = make_flow("f", {make_step(send_step{})},
                          {log("#[error.type] after #[#error.past]")});
  result.redelivery = std::move(how);
  return result;
}

inline redelivery_options at_most(std::int32_t count) {
  redelivery_options result;
  result.max_redelivery_count = count;
  return result;
}

inline redelivery_options by_id(std::string what) {
  redelivery_options result;
  result.id_expression = text(std::move(what));
  return result;
}

using lines = std::vector<std::string>;

inline constexpr const char* failed = "info WEBSOCKET:CONNECTIVITY after ";
inline constexpr const char* spent =
    "info WEBSOCKET:REDELIVERY_EXHAUSTED after ";

} // namespace switchboard::flows::testing
