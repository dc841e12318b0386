#define CAF_SUITE flows.runner_calls

#include "tests/flows/fakes.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

/// A socket of the runner's own shard.
class fake_local final : public local_socket {
public:
  void set_handle(caf::strong_actor_ptr handle) {
    handle_ = std::move(handle);
  }

  send_outcome send(message_view) override {
    return send_outcome::not_open;
  }

  send_outcome send(const payload&) override {
    return send_outcome::not_open;
  }

  send_outcome send(const payload& content, pinned_handler& who,
                    std::uint64_t id) override {
    sent.emplace_back(content.view());
    written = [&who, id] {
      who.on_sent(id, {});
    };
    return send_outcome::queued;
  }

  void close(close_code, std::string_view) override {}

  socket_attributes attributes() override {
    return make_attributes();
  }

  caf::strong_actor_ptr handle() override {
    return handle_;
  }

  void done() override {
    ++dones;
  }

  std::vector<std::string> sent;
  std::function<void()> written;
  int dones = 0;

private:
  caf::strong_actor_ptr handle_;
};

/// Nothing that the runner asks is answered before `settle`.
struct fixture : test_coordinator_fixture<test_config> {
  fixture() : w(std::make_shared<world>()) {
    registry = sys.spawn(fake_registry, w);
    socket = sys.spawn(fake_socket, w);
    local.set_handle(caf::actor_cast<caf::strong_actor_ptr>(socket));
    run();
  }

  ~fixture() {
    caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(socket, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
    run();
  }

  runner& spawn(flow_options flow) {
    auto code = compile({std::move(flow)});
    if (!code.value)
      CAF_FAIL(code.diagnostics.front().message);
    handle = sys.spawn<runner>(
        runner_settings{code.value,
                        0,
                        registry,
                        {},
                        std::make_shared<flow_counters>(),
                        std::make_shared<lua_sandbox>(code.value->chunks)});
    run();
    auto& result =
        static_cast<runner&>(*caf::actor_cast<caf::abstract_actor*>(handle));
    result.context(&unit);
    return result;
  }

  /// Lets everybody work off what they were asked; then calls from outside
  /// of all actors, as a shard makes them, are possible again.
  void settle(runner& who) {
    run();
    who.context(&unit);
  }

  std::shared_ptr<world> w;
  registry_actor registry;
  socket_actor socket;
  caf::actor handle;
  caf::scoped_execution_unit unit{&sys};
  fake_local local;
};

step_options broadcast() {
  return make_step(broadcast_step{});
}

/// Broadcasts `b` and answers everything else.
flow_options broadcast_or_answer() {
  choice_step form;
  form.branches.push_back({text("#[payload == 'b']"), {broadcast()}});
  form.branches.push_back({{}, {make_step(send_step{})}});
  return make_flow("f", {make_step(std::move(form))});
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(runner_calls_tests, fixture)

CAF_TEST(a socket goes on while its last broadcasts are under way) {
  auto& aut = spawn(make_flow("f", {broadcast()}));
  constexpr auto most = 32;
  for (auto i = 0; i < most; ++i)
    CAF_CHECK(aut.on_message(local, {"b", false}));
  CAF_CHECK(!aut.on_message(local, {"b", false}));
  CAF_CHECK_EQUAL(local.dones, 0);
  settle(aut);
  CAF_CHECK_EQUAL(w->seen.size(), 33u);
  CAF_CHECK_EQUAL(local.dones, 1);
  CAF_CHECK(aut.on_message(local, {"b", false}));
}

CAF_TEST(another socket does not wait for the broadcasts of the first) {
  auto& aut = spawn(make_flow("f", {broadcast()}));
  for (auto i = 0; i < 33; ++i)
    aut.on_message(local, {"b", false});
  fake_local other;
  other.set_handle(local.handle());
  CAF_CHECK(aut.on_message(other, {"b", false}));
}

CAF_TEST(an answer does not overtake a broadcast under way) {
  auto& aut = spawn(broadcast_or_answer());
  CAF_CHECK(aut.on_message(local, {"b", false}));
  CAF_CHECK(!aut.on_message(local, {"answer", false}));
  CAF_CHECK(local.sent.empty());
  settle(aut);
  CAF_REQUIRE_EQUAL(w->seen.size(), 2u);
  CAF_CHECK_EQUAL(w->seen[0], "broadcast:");
  CAF_CHECK_EQUAL(w->seen[1], "send:s1:answer");
  CAF_CHECK_EQUAL(local.dones, 1);
  // None is under way: straight again.
  CAF_CHECK(aut.on_message(local, {"again", false}));
  CAF_REQUIRE_EQUAL(local.sent.size(), 1u);
  CAF_CHECK_EQUAL(local.sent[0], "again");
  local.written();
}

CAF_TEST(a broadcast that something follows holds its socket) {
  auto& aut = spawn(make_flow("f", {broadcast(), log("done")}));
  CAF_CHECK(!aut.on_message(local, {"b", false}));
  settle(aut);
  CAF_CHECK_EQUAL(local.dones, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
