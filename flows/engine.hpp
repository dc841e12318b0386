#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
  /// Events that came after a reload had taken the flow away.
  std::uint64_t dropped = 0;
  /// Whether a reload has taken it away: it runs no more.
  bool removed = false;
  std::uint64_t dead_letters = 0;
  std::uint64_t lost_letters = 0;
  /// Runners that have died, out of memory for one: on their shards the flow
  /// runs no more, and new sockets do not find it. A reload replaces them.
  std::uint64_t dead_runners = 0;
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
  /// @param temporary_directory where large messages lie; empty: where the
  ///        system keeps temporary files.
  /// @returns the registry's error with the flow's name in it, or that of a
  ///          backend that cannot be reached as the options say, or of a store
  ///          that is not there.
  static caf::expected<std::unique_ptr<engine>>
  start(instance& host, caf::actor_system& system,
        std::shared_ptr<const program> code, report_function on_report,
        const lua_limits& limits = {}, const backend_options& backends = {},
        std::shared_ptr<const object_stores> stores = nullptr,
        const std::string& temporary_directory = {});

  static caf::expected<std::unique_ptr<engine>>
  start(const engine_host& host, caf::actor_system& system,
        std::shared_ptr<const program> code, report_function on_report,
        const lua_limits& limits = {}, const backend_options& backends = {},
        std::shared_ptr<const object_stores> stores = nullptr,
        const std::string& temporary_directory = {});

  /// Begins the flows of `startup`, without waiting for them, and the
  /// schedules. Once.
  void begin();

  /// Whether `reload` would find the object stores that flows name: those of
  /// the start. Any thread.
  /// @returns INVALID_ARGUMENT with flow and store where one is missing.
  caf::error find_stores(const program& code) const;

  /// Runs another program from the next event on: flows of the same name and
  /// source go on with their new steps, others begin or end; what is in work
  /// ends with the old steps. Runners that have died are replaced, for new
  /// sockets. Open sockets keep the flows that their handshake
  /// has found; of one that is gone, events are dropped and counted. Flows of
  /// `startup` are not run again; a schedule that is new begins. Returns when
  /// every shard knows.
  /// @returns INVALID_ARGUMENT for a backend that cannot be reached as the
  ///          options say: nothing has changed then. Else the registry's error
  ///          with the configuration's name in it.
  caf::error reload(std::shared_ptr<const program> code,
                    const backend_options& backends = {});

  /// Ends the runners.
  ~engine();

  /// All flows, in the file's order; behind them those that are no more.
  std::vector<flow_info> flows() const;

  /// Whether a runner has died of a flow that is to run. Any thread.
  bool has_dead_runners() const;

  /// No further ticks of schedules and no further retries; waits for the flows
  /// in work, whose requests to backends soon fail then. Events are still
  /// taken. Idempotent.
  /// @returns whether all were done in time.
  bool stop(std::chrono::nanoseconds limit = std::chrono::seconds{3});

  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

private:
  /// What a source's subscription was made of.
  struct subscribed {
    std::string config;
    std::string path;
    std::vector<std::string> default_groups;
    std::optional<reconnection_options> reconnection;
    send_queue_options send_queue;

    friend bool operator==(const subscribed&, const subscribed&) = default;
  };

  /// One flow, from the first program that has it on.
  struct slot {
    std::string name;
    flow_source source = flow_source::none;
    std::string config;
    std::string path;
    /// Of each runner.
    std::vector<std::shared_ptr<flow_counters>> counters;
    /// Null: there never was a limit.
    std::shared_ptr<concurrency_gate> gate;
    /// Null: it has no `redelivery`.
    std::shared_ptr<redelivery_guard> guard;
    /// One for each shard that it runs on; empty where it has no source.
    std::vector<caf::actor> runners;
    /// Those that had died and were replaced, until the registry knows.
    std::vector<caf::actor> replaced;
    std::optional<subscribed> known;
  };

  engine(caf::actor_system& system, engine_host host,
         std::shared_ptr<const program> code, report_function on_report,
         const lua_limits& limits);

  static slot make_slot(const flow& what);
  static void set_limit(slot& of, const flow& what);
  static subscribe_source_request request_of(const slot& what, const flow& of);
  /// Finds the flow that a new one goes on with and takes it out.
  std::optional<slot> take_known(std::vector<slot>& from, const flow& what);

  /// Spawns the runners of one flow.
  void spawn(slot& of, std::size_t flow);
  /// Spawns one anew where it has died.
  /// @returns whether it had.
  bool replace(slot& of, std::size_t flow, std::size_t shard);
  caf::actor make_runner(const slot& of, std::size_t flow, std::size_t shard,
                         std::shared_ptr<flow_counters> counters);
  caf::error subscribe(slot& what, const flow& of);
  caf::error start_backends(const backend_options& options);
  caf::error use_stores(std::shared_ptr<const object_stores> stores);
  /// Null where the flow has no `redelivery`.
  /// @param known what it had; may be null.
  caf::expected<std::shared_ptr<redelivery_guard>>
  guard_of(const flow& what,
           const std::shared_ptr<redelivery_guard>& known) const;
  /// Makes what streams in files need, where a flow has some.
  caf::error start_streams();
  void make_sandboxes();
  /// Gives the runners of flows that go on their new steps.
  void hand_out(const std::vector<bool>& is_new);
  /// Has the registry route to the flows that are, and no more to `gone`.
  caf::error update_sources(const std::vector<slot>& gone);

  caf::actor_system& system_;
  engine_host host_;
  report_function report_;
  lua_limits limits_;
  /// Held while another program is taken.
  std::mutex reloading_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_` for those who only look.
  std::shared_ptr<const program> program_;
  /// Of each flow of the program.
  std::vector<slot> slots_;
  /// Their runners take what comes from sockets that are still open.
  std::vector<slot> removed_;
  bool stopped_ = false;
  /// One for each shard.
  std::vector<std::shared_ptr<lua_sandbox>> sandboxes_;
  std::shared_ptr<const backend_routes> routes_;
  /// Null where no step needs it.
  caf::actor backends_;
  stream_place streams_;
  std::shared_ptr<const object_stores> stores_;
};

} // namespace switchboard::flows
