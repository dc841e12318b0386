#include "flows/engine.hpp"

// Apart from engine.cpp, so that who brings a host of their own needs no
// instance to link with.

namespace switchboard::flows {

caf::expected<std::unique_ptr<engine>>
engine::start(instance& host, caf::actor_system& system,
              std::shared_ptr<const program> code, report_function on_report,
              const lua_limits& limits, const backend_options& backends,
              std::shared_ptr<const object_stores> stores,
              const std::string& temporary_directory) {
  auto spawn = [&host](std::size_t shard, runner_settings settings) {
    return host.spawn_pinned<runner>(shard, std::move(settings));
  };
  return start(engine_host{host.registry(), host.shards(), spawn}, system,
               std::move(code), std::move(on_report), limits, backends,
               std::move(stores), temporary_directory);
}

} // namespace switchboard::flows
