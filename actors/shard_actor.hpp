#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/all.hpp>

#include "actors/bound_actor.hpp"
#include "actors/closed_sockets.hpp"
#include "actors/directory.hpp"
#include "actors/gateway.hpp"
#include "actors/internal.hpp"
#include "actors/limits_guard.hpp"
#include "actors/shard.hpp"
#include "actors/shard_taps.hpp"
#include "actors/socket.hpp"
#include "actors/socket_index.hpp"
#include "actors/token_expiries.hpp"

namespace switchboard::actors {

/// The actor that stands for a whole shard: one message to it reaches all of
/// the shard's sockets. Takes the messages of internal.hpp and
/// `group_delivery`.
class shard_actor final : public bound_actor,
                          private socket_host,
                          private socket_adopter,
                          private turn_listener {
public:
  shard_actor(caf::actor_config& config, shard& home, group_index& groups,
              std::shared_ptr<socket_index> sockets,
              std::shared_ptr<closed_sockets> closed, report_function report);

  ~shard_actor() override;

  const char* name() const override;

  /// Adds a socket that could not be reached.
  static void add_failure(broadcast_result& result, const socket& who,
                          std::string_view why);

private:
  /// A broadcast whose frames wait for the end of the turn.
  struct pending_walk {
    std::shared_ptr<const compiled_filter> filter;
    broadcast_result result;
    reply answer;
  };

  void receive(caf::mailbox_element& what) override;

  join_result join_group(socket& who, const std::string& group) override;
  bool leave_group(socket& who, const std::string& group) override;
  void socket_lost(socket& who) override;
  void connection_lost(socket& who, const std::string& why) override;
  void socket_ended(socket& who) override;
  caf::error renew_token(socket& who, const std::string& token) override;
  void event_failed(const socket& who, const caf::error& reason) override;

  void adopt(const caf::strong_actor_ptr& handle,
             const std::vector<std::string>& groups) override;
  void expires(socket& who, token_expiries::clock::time_point when) override;

  void on_flushed() override;

  void broadcast(caf::mailbox_element& what);
  void close(caf::mailbox_element& what);
  void close_some(caf::mailbox_element& what);
  void list(caf::mailbox_element& what);
  void shed(std::uint64_t bytes);
  void receive_tap(caf::mailbox_element& what);
  void join_default_groups(socket& who, const std::vector<std::string>& groups);
  void deliver_to_group(caf::mailbox_element& what);
  void cut_everything();
  static void token_expired(socket& who);
  void check_empty();
  broadcast_result walk(const compiled_filter& filter,
                        net::outgoing_message& message);

  std::shared_ptr<socket_index> sockets_;
  std::shared_ptr<closed_sockets> closed_;
  report_function report_;
  directory directory_;
  gateway gateway_;
  token_expiries expiries_;
  shard_taps taps_;
  std::vector<pending_walk> pending_;
  std::vector<reply> awaiting_;
  /// Sockets without a connection whose handlers still work.
  std::unordered_map<socket*, caf::strong_actor_ptr> leaving_;
};

} // namespace switchboard::actors
