#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/flows/fakes.hpp"

namespace switchboard::flows::testing {

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
struct called_runner_rig : test_coordinator_fixture<test_config> {
  called_runner_rig() : w(std::make_shared<world>()) {
    registry = sys.spawn(fake_registry, w);
    socket = sys.spawn(fake_socket, w);
    local.set_handle(caf::actor_cast<caf::strong_actor_ptr>(socket));
    run();
  }

  ~called_runner_rig() {
    caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(socket, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
    run();
  }

  runner& spawn(flow_options flow) {
    auto code = compile({std::move(flow)});
    if (!code.value)
      CAF_FAIL(code.diagnostics.front().message);
    counters = std::make_shared<flow_counters>();
    handle = sys.spawn<runner>(
        runner_settings{code.value,
                        0,
                        registry,
                        {},
                        counters,
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
  std::shared_ptr<flow_counters> counters;
  registry_actor registry;
  socket_actor socket;
  caf::actor handle;
  caf::scoped_execution_unit unit{&sys};
  fake_local local;
};

} // namespace switchboard::flows::testing
