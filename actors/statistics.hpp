#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <switchboard/statistics.hpp>

#include "actors/counters.hpp"
#include "actors/routes.hpp"
#include "actors/shard.hpp"

namespace switchboard::actors {

/// Adds what several shards, the configurations and the registry have counted
/// to what `shard::collect` has told of each shard.
void collect(
    const std::vector<std::shared_ptr<shard>>& shards,
    const std::map<std::string, std::shared_ptr<config_counters>>& configs,
    const registry_counters& registry, switchboard_statistics& to);

/// Counts a broadcast and what became of it.
void count(registry_counters& to, const broadcast_result& what);

} // namespace switchboard::actors
