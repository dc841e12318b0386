#pragma once

#include <memory>
#include <string>
#include <utility>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/group_module.hpp"
#include "actors/shard.hpp"
#include "actors/socket.hpp"

namespace switchboard::actors {

/// A shard whose thread never starts and sockets without a connection: enough
/// to test a shard's books.
struct books : socket_host {
  virtual ~books() = default;

  struct config : caf::actor_system_config {
    config() {
      configure(*this);
      set("scheduler.max-threads", 1);
    }
  };

  config cfg;
  caf::actor_system system{cfg};
  std::shared_ptr<shard> home = std::make_shared<shard>(system, 0);
  group_index index;
  directory dir{index, 0};
  int made = 0;

  caf::strong_actor_ptr make_socket(const std::string& config = "c",
                                    const std::string& path = "/") {
    handshake_fields handshake;
    handshake.socket_id = "socket-" + std::to_string(++made);
    handshake.config = config;
    handshake.request_uri = path;
    handshake.relative_path = path;
    auto routes = std::make_shared<config_routes>();
    routes->counters = std::make_shared<config_counters>();
    return make_bound<socket>(
        *home, static_cast<socket_host&>(*this), make_handshake(handshake),
        socket_route{routes, {}, {}, {}}, net::connection_lease{});
  }

  static socket& as_socket(const caf::strong_actor_ptr& handle) {
    return static_cast<socket&>(*handle->get());
  }

  /// Ends a socket that never had a connection.
  static void end(const caf::strong_actor_ptr& handle) {
    struct access : bound_actor {
      static auto quit_function() {
        return &access::quit;
      }
    };
    (as_socket(handle).*access::quit_function())(caf::exit_reason::normal);
  }

  void socket_lost(socket&) override {}

  void connection_lost(socket&, const std::string&) override {}

  void socket_ended(socket&) override {}

  join_result join_group(socket& who, const std::string& group) override {
    return dir.join(who, group);
  }

  bool leave_group(socket& who, const std::string& group) override {
    return dir.leave(who, group);
  }

  caf::error renew_token(socket&, const std::string&) override {
    return caf::none;
  }

  void event_failed(const socket&, const caf::error&) override {}
};

} // namespace switchboard::actors
