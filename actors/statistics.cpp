#include "actors/statistics.hpp"

#include <algorithm>
#include <utility>

#include <switchboard/error.hpp>

#include "net/memory_account.hpp"

namespace switchboard::actors {

namespace {

using config_map = std::map<std::string, std::shared_ptr<config_counters>>;

void collect_sockets(const config_map& configs, switchboard_statistics& to) {
  for (auto& [name, counters] : configs)
    for (auto type : {socket_type::inbound, socket_type::outbound})
      for (auto state : {socket_state::open, socket_state::closing,
                         socket_state::reconnecting})
        if (type == socket_type::outbound
            || state != socket_state::reconnecting)
          to.sockets.push_back(
              {name, type, state, counters->count(type, state).load()});
}

void collect_operations(const std::vector<std::shared_ptr<shard>>& shards,
                        const config_map& configs,
                        const registry_counters& registry,
                        switchboard_statistics& to) {
  for (std::size_t i = 0; i < operation_kinds; ++i)
    to.operations.push_back({static_cast<operation_kind>(i), {}});
  auto of = [&](operation_kind what) -> duration_counts& {
    return to.operations[static_cast<std::size_t>(what)].times;
  };
  for (auto& shard : shards) {
    auto& counters = shard->counters();
    counters.sends.collect(of(operation_kind::send));
    counters.closings.collect(of(operation_kind::close_socket));
    counters.subscriptions.collect(of(operation_kind::subscribe_groups));
    counters.unsubscriptions.collect(of(operation_kind::unsubscribe_groups));
  }
  registry.broadcast_times.collect(of(operation_kind::broadcast));
  registry.bulk_closings.collect(of(operation_kind::bulk_close_sockets));
  for (auto& [name, counters] : configs)
    counters->keeper.openings.collect(of(operation_kind::open_outbound_socket));
}

void collect_reconnections(const config_map& configs,
                           switchboard_statistics& to) {
  to.reconnections = {{"succeeded", 0}, {"failed", 0}, {"given_up", 0}};
  for (auto& [name, counters] : configs) {
    auto& keeper = counters->keeper;
    to.reconnections[0].count += keeper.succeeded.get();
    to.reconnections[1].count += keeper.failed.get();
    to.reconnections[2].count += keeper.given_up.get();
  }
}

} // namespace

std::vector<switchboard_statistics::named_count>
collect_limits(const std::vector<std::shared_ptr<shard>>& shards,
               const config_map& configs) {
  std::vector<switchboard_statistics::named_count> result;
  for (std::size_t i = 0; i < limit_kinds; ++i) {
    auto kind = static_cast<limit_kind>(i);
    std::uint64_t count = 0;
    for (auto& shard : shards)
      count += shard->counters().limits[i].get();
    if (kind == limit_kind::memory)
      for (auto& shard : shards)
        count += shard->loop().traffic().starved.get();
    result.push_back({std::string{name_of(kind)}, count});
  }
  auto add = [&](const char* name, net::counter net::traffic_counters::*what) {
    std::uint64_t count = 0;
    for (auto& shard : shards)
      count += (shard->loop().traffic().*what).get();
    result.push_back({name, count});
  };
  add("send_queue_limit", &net::traffic_counters::full_queues);
  add("max_message_size", &net::traffic_counters::oversized);
  add("max_message_rate", &net::traffic_counters::message_rates);
  add("max_byte_rate", &net::traffic_counters::byte_rates);
  std::uint64_t waits = 0;
  for (auto& [name, counters] : configs)
    waits += counters->keeper.waits_for_place.get();
  result.push_back({"client_max_connections", waits});
  return result;
}

void collect(const std::vector<std::shared_ptr<shard>>& shards,
             const config_map& configs, const registry_counters& registry,
             switchboard_statistics& to) {
  collect_sockets(configs, to);
  collect_operations(shards, configs, registry, to);
  to.limits = collect_limits(shards, configs);
  to.held_bytes += net::memory_account::elsewhere();
  collect_reconnections(configs, to);
  to.broadcasts = registry.broadcasts.get();
  to.broadcast_matched = registry.broadcast_matched.get();
  auto& failures = registry.broadcast_failures;
  for (std::size_t i = 1; i < failures.size(); ++i) {
    auto name = i + 1 < failures.size() ? name_of(static_cast<errc>(i))
                                        : std::string_view{"other"};
    auto count = failures[i].get();
    // The usual one is there from the beginning.
    if (count > 0 || i == static_cast<std::size_t>(errc::connectivity))
      to.broadcast_failures.push_back({std::string{name}, count});
  }
}

limits_guard_setup::memory
held_memory(const std::vector<std::shared_ptr<shard>>& shards) {
  limits_guard_setup::memory result;
  for (auto& shard : shards) {
    auto& traffic = shard->loop().traffic();
    result.shards.push_back(
        static_cast<std::int64_t>(traffic.held_bytes.get()));
    result.queued.push_back(traffic.queued_bytes.get());
  }
  result.elsewhere =
      static_cast<std::int64_t>(net::memory_account::elsewhere());
  return result;
}

caf::actor spawn_limits_guard(caf::actor_system& system, guarded what,
                              const limit_options& limits,
                              report_function report) {
  caf::actor_config config{what.shards.front()->pinning_unit()};
  limits_guard_setup setup;
  setup.shards = std::move(what.shard_actors);
  setup.held = [shards = what.shards] {
    return held_memory(shards);
  };
  setup.reached = [shards = std::move(what.shards),
                   configs = std::move(what.configs)] {
    return collect_limits(shards, configs());
  };
  setup.limits = limits;
  setup.entry = std::move(what.entry);
  setup.on_report = std::move(report);
  return system.spawn_impl<limits_guard, caf::no_spawn_options>(
      config, std::move(setup));
}

void count(registry_counters& to, const broadcast_result& what) {
  to.broadcasts.add();
  to.broadcast_matched.add(what.matched);
  for (auto& failure : what.failures) {
    auto last = to.broadcast_failures.size() - 1;
    auto code = code_of(failure.error);
    auto place = code ? static_cast<std::size_t>(*code) : last;
    to.broadcast_failures[std::min(place, last)].add();
  }
}

} // namespace switchboard::actors
