#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/authentications.hpp"
#include "actors/closed_sockets.hpp"
#include "actors/group_module.hpp"
#include "actors/internal.hpp"
#include "actors/listener_hub.hpp"
#include "actors/running_count.hpp"
#include "actors/shard.hpp"
#include "actors/socket_index.hpp"
#include "actors/tls_contexts.hpp"
#include "net/resolver.hpp"

namespace switchboard {

struct instance::impl {
  /// An outbound socket of the options.
  struct kept_outbound {
    outbound_options what;
    /// Made up where the options have none.
    std::string socket_id;
    /// The one that it belongs to.
    std::string config;

    /// With the id.
    outbound_options request() const {
      auto result = what;
      result.socket_id = socket_id;
      return result;
    }
  };

  /// Options that were checked and are not in force yet.
  struct pending_options {
    switchboard_options options;
    actors::listener_hub::new_sockets sockets;
    /// Configurations that are new.
    std::vector<std::string> fresh;
  };

  explicit impl(caf::actor_system& sys) : system(sys), groups(sys) {}

  caf::actor_system& system;
  actors::group_module groups;
  std::vector<std::shared_ptr<actors::shard>> shards;
  std::vector<caf::strong_actor_ptr> shard_actors;
  std::shared_ptr<actors::socket_index> sockets =
      std::make_shared<actors::socket_index>();
  std::shared_ptr<actors::closed_sockets> closed =
      std::make_shared<actors::closed_sockets>();
  std::shared_ptr<actors::registry_counters> counters =
      std::make_shared<actors::registry_counters>();
  std::map<std::string, std::shared_ptr<actors::config_counters>> configs;
  io_method io = io_method::epoll;
  actors::internal_registry_actor registry;
  registry_actor public_registry;
  std::map<std::string, actors::supervisor_actor> supervisors;
  std::unique_ptr<actors::tls_contexts> tls;
  std::unique_ptr<actors::authentications> credentials;
  std::unique_ptr<actors::listener_hub> hub;
  std::shared_ptr<net::admission> entry = std::make_shared<net::admission>();
  /// Watches over the limits of the process.
  caf::actor guard;
  /// Those of the options.
  std::vector<kept_outbound> outbound;
  std::shared_ptr<net::resolver> names = std::make_shared<net::resolver>();
  report_function report;
  /// Held while other options are taken; guards `supervisors` as well.
  std::mutex reloading;
  /// What `finish_reload` has to do.
  std::optional<pending_options> pending;
  std::mutex mutex;
  /// Guarded by `mutex`, as `configs` is.
  std::vector<caf::strong_actor_ptr> pinned;
  std::shared_ptr<actors::running_count> running =
      std::make_shared<actors::running_count>();
  std::shared_ptr<actors::running_count> running_shards =
      std::make_shared<actors::running_count>();
  std::once_flag drained;
  std::atomic<bool> draining{false};
  std::atomic<bool> stopped{false};

  /// Listeners that a configuration uses.
  static std::set<std::string> wanted_by(const switchboard_options& options);
  static kept_outbound keep(const outbound_options& what,
                            const switchboard_options& options);

  void start_shards(std::size_t count, io_method io,
                    const report_function& report);
  void start_supervisors(const switchboard_options& options,
                         const report_function& report);
  /// Makes the supervisor of a configuration that has none.
  void add_supervisor(const websocket_options& what,
                      const switchboard_options& options);
  /// Null where it has no client settings.
  actors::client_profile_ptr profile_of(const websocket_options& what,
                                        const switchboard_options& options);
  /// Tells the registry of the supervisors.
  void introduce(const switchboard_options& options);
  caf::error begin();

  /// Gives every configuration its other settings.
  void reconfigure(const switchboard_options& options);
  /// Opens, closes and leaves alone.
  void exchange_outbound(const switchboard_options& options);

  /// Asks every shard the same and waits for the answers.
  /// @param take called with each of them.
  template <class Request, class Take>
  void ask_shards(const Request& request, std::chrono::nanoseconds patience,
                  Take take);

  void close_in_batches(socket_type type, const drain_options& how,
                        std::chrono::steady_clock::time_point deadline);
  void close_sockets(const drain_options& how);
  void end_actors();
};

} // namespace switchboard
