#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/internal.hpp"
#include "actors/outbound_keeper.hpp"
#include "actors/routes.hpp"

namespace switchboard::actors {

/// Binds a listener, or finds it bound already.
/// @returns its numeric address.
using bind_function =
    std::function<caf::expected<std::string>(const std::string& listener)>;

/// What a supervisor is given.
struct supervisor_setup {
  websocket_options options;
  /// As resolved from the configuration and its listener.
  std::string base_path;
  std::vector<caf::strong_actor_ptr> shards;
  std::shared_ptr<socket_index> sockets;
  /// Null where there are no client settings.
  client_profile_ptr profile;
  /// Shared with whoever shows them; null: none asks.
  std::shared_ptr<config_counters> counters;
  bind_function bind;
  report_function on_report;
  /// Called when the listener is bound.
  std::function<void()> on_ready;
};

/// One configuration's life: its listener's binding, its outbound sockets,
/// its sources.
struct supervisor_state {
  static inline const char* name = "switchboard.supervisor";

  supervisor_actor::stateful_pointer<supervisor_state> self = nullptr;
  supervisor_setup setup;
  config_routes routes;
  outbound_keeper keeper;
  /// That of its sources; unset: the configuration's.
  std::optional<reconnection_options> own_listener_strategy;
  /// Answer to whoever waits for the outcome.
  caf::typed_response_promise<void> begun;
  bool waiting = false;
  std::string address;
  caf::error problem;
  std::uint32_t attempts = 0;
  /// Whether the peer of the client settings was reached, or need not be.
  bool reached = true;
  /// Whether the next attempt is on its way.
  bool retrying = false;
  std::minstd_rand dice{std::random_device{}()};

  void attempt();
  void test_peer();
  void failed(report_part about, const std::string& what,
              const reconnection_options& strategy, caf::error why);
  void settle(caf::error outcome);
  const reconnection_options& listener_strategy() const noexcept;
  const reconnection_options& outbound_strategy(const std::string& path) const;
  send_queue_options outbound_queue(const std::string& path) const;
  caf::result<void> subscribe(const subscribe_source_request& request);
  caf::result<void> update(const update_sources_request& request);
  caf::result<void> change(const reconfigure& request);
  caf::error add_source(config_routes& to,
                        std::optional<reconnection_options>& strategy,
                        const subscribe_source_request& request) const;
  void use_server_options();
  void install();
  caf::result<void> publish();
  void forget(const caf::actor_addr& target, const caf::error& reason);
  config_info describe() const;
  void tell(report_part about, report::severity level, std::string text,
            string_pairs fields) const;
};

/// @see supervisor_actor
supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
           supervisor_setup setup);

} // namespace switchboard::actors
