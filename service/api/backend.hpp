#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include <switchboard/interfaces.hpp>

#include "net/tls_source.hpp"
#include "service/log_levels.hpp"
#include "service/reload_outcome.hpp"

namespace switchboard::service::api {

/// What the API is served from.
struct backend {
  registry_actor registry;
  /// Why the switchboard is not ready; `nullopt` where it is. Called on the
  /// API's thread; must not block.
  std::function<std::optional<std::string>()> not_ready;
  /// The flows, as `GET /v1/flows` shows them. Called on the API's thread;
  /// must not block.
  std::function<boost::json::array()> flows;
  /// Begins to take the switchboard out of service. Called on the API's
  /// thread; must not block, and does nothing the second time.
  std::function<void()> drain;
  /// `none`, `draining` or `drained`. Any thread; must not block.
  std::function<std::string_view()> drain_stage;
  /// Reads the configuration file again, or only says what that would do.
  /// Called on an actor's thread; must not block. `done` is called once, on
  /// any thread.
  std::function<void(bool dry_run,
                     std::function<void(const reload_outcome&)> done)>
      reload;
  /// The levels of the log. Any thread; must not block.
  std::function<log_levels()> levels;
  /// Changes some of them.
  /// @returns the levels from now on.
  std::function<log_levels(const log_level_changes&)> change_levels;
  /// What `GET /metrics` answers, in Prometheus' text format. Called on the
  /// API's thread; must not block.
  std::function<std::string()> metrics;
  /// Null: HTTP.
  std::shared_ptr<const net::tls_source> tls;
};

} // namespace switchboard::service::api
