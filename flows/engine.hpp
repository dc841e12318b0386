#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/flow_options.hpp>
#include <switchboard/switchboard.hpp>

#include "flows/backend_routes.hpp"
#include "flows/program.hpp"
#include "flows/runner.hpp"
#include "flows/store/object_stores.hpp"

namespace switchboard::flows {

/// A flow and what it has done since the start.
struct flow_info {
  std::string name;
  flow_source source = flow_source::none;
  std::string config;
  std::string path;
  std::uint64_t events = 0;
  std::uint64_t failures = 0;
  std::uint64_t in_work = 0;
  std::uint64_t waiting = 0;
  std::uint64_t retries = 0;
  /// That runs have taken.
  std::chrono::nanoseconds time{0};
  std::uint64_t succeeded = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t lost_letters = 0;
};

/// The source's name in a configuration file; empty for `none`.
std::string_view name_of(flow_source source) noexcept;

/// What flows run on: an `instance`, or a test's stand-in.
struct engine_host {
  registry_actor registry;
  std::size_t shards = 1;
  /// Spawns a runner on a shard's thread.
  std::function<caf::actor(std::size_t shard, runner_settings settings)> spawn;
};

/// Runs a program on an instance that is prepared and not open yet: subscribes
/// every flow with a source, so that no socket comes before its flow; when the
/// instance is open, runs those of `startup` and keeps the schedule. Stop it
/// before the instance and destroy it after: the runners take the closed events
/// of a shutdown and end with the registry.
class engine {
public:
  /// Returns when every source is subscribed: connections first, so that no
  /// socket gets past its gate.
  /// @param on_report gets `log` steps and failures, from any shard's thread.
  /// @param stores null: the default one alone.
  /// @returns the registry's error with the flow's name in it, or that of a
  ///          backend that cannot be reached as the options say, or of a store
  ///          that is not there.
  static caf::expected<std::unique_ptr<engine>>
  start(instance& host, caf::actor_system& system,
        std::shared_ptr<const program> code, report_function on_report,
        const lua_limits& limits = {}, const backend_options& backends = {},
        std::shared_ptr<const object_stores> stores = nullptr);

  static caf::expected<std::unique_ptr<engine>>
  start(const engine_host& host, caf::actor_system& system,
        std::shared_ptr<const program> code, report_function on_report,
        const lua_limits& limits = {}, const backend_options& backends = {},
        std::shared_ptr<const object_stores> stores = nullptr);

  /// Begins the flows of `startup`, without waiting for them, and the
  /// schedules. Once.
  void begin();

  /// Ends the runners.
  ~engine();

  /// All flows, in the file's order.
  std::vector<flow_info> flows() const;

  /// No further ticks of schedules and no further retries; waits for the flows
  /// in work, whose requests to backends soon fail then. Events are still
  /// taken. Idempotent.
  /// @returns whether all were done in time.
  bool stop(std::chrono::nanoseconds limit = std::chrono::seconds{3});

  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

private:
  engine(caf::actor_system& system, std::shared_ptr<const program> code);

  /// Spawns the runners of one flow.
  std::vector<caf::actor> spawn(const engine_host& host, std::size_t flow,
                                std::size_t shards);
  caf::error subscribe(const engine_host& host, std::size_t flow);
  caf::error start_backends(const backend_options& options);
  caf::error find_stores(std::shared_ptr<const object_stores> stores);

  caf::actor_system& system_;
  std::shared_ptr<const program> program_;
  report_function report_;
  std::vector<std::shared_ptr<flow_counters>> counters_;
  /// One for each shard.
  std::vector<std::shared_ptr<lua_sandbox>> sandboxes_;
  std::vector<caf::actor> runners_;
  /// Of each flow; null: no limit.
  std::vector<std::shared_ptr<concurrency_gate>> gates_;
  /// Of each flow; null: it has no `redelivery`.
  std::vector<std::shared_ptr<redelivery_guard>> guards_;
  /// Null where no step needs it.
  caf::actor backends_;
  /// Those that nothing but `begin` begins.
  std::vector<caf::actor> startups_;
  std::vector<caf::actor> schedules_;
};

} // namespace switchboard::flows
