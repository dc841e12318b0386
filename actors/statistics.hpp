#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <switchboard/statistics.hpp>

#include "actors/counters.hpp"
#include "actors/limits_guard.hpp"
#include "actors/routes.hpp"
#include "actors/shard.hpp"

namespace switchboard::actors {

/// Adds what several shards, the configurations and the registry have counted
/// to what `shard::collect` has told of each shard.
void collect(
    const std::vector<std::shared_ptr<shard>>& shards,
    const std::map<std::string, std::shared_ptr<config_counters>>& configs,
    const registry_counters& registry, switchboard_statistics& to);

/// How often each limit was reached.
std::vector<switchboard_statistics::named_count> collect_limits(
    const std::vector<std::shared_ptr<shard>>& shards,
    const std::map<std::string, std::shared_ptr<config_counters>>& configs);

/// The memory that each shard holds, and other threads.
limits_guard_setup::memory
held_memory(const std::vector<std::shared_ptr<shard>>& shards);

/// What a limits guard looks at.
struct guarded {
  std::vector<std::shared_ptr<shard>> shards;
  std::vector<caf::strong_actor_ptr> shard_actors;
  /// A reload may have added some.
  std::function<std::map<std::string, std::shared_ptr<config_counters>>()>
      configs;
  std::shared_ptr<net::admission> entry;
};

/// Spawns the guard of an instance.
caf::actor spawn_limits_guard(caf::actor_system& system, guarded what,
                              const limit_options& limits,
                              report_function report);

/// Counts a broadcast and what became of it.
void count(registry_counters& to, const broadcast_result& what);

} // namespace switchboard::actors
