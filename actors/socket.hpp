#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <caf/all.hpp>

#include <switchboard/interfaces.hpp>

#include "actors/bound_actor.hpp"
#include "actors/directory.hpp"
#include "actors/routes.hpp"
#include "net/connection.hpp"
#include "net/listener.hpp"

namespace switchboard::actors {

class socket;

/// The shard's part that sockets report to. Called on the shard's thread.
class socket_host {
public:
  /// Its connection is gone: no operation finds it any more.
  virtual void socket_lost(socket& who) = 0;

  /// It has handed out its closed event and ended.
  virtual void socket_ended(socket& who) = 0;

  virtual bool join_group(socket& who, const std::string& group) = 0;
  virtual bool leave_group(socket& who, const std::string& group) = 0;

  /// A handler of its events failed.
  virtual void event_failed(const socket& who, const caf::error& reason) = 0;

protected:
  ~socket_host() = default;
};

/// The most groups one socket may be in, and the most bytes of a group's
/// name.
inline constexpr std::size_t max_groups_per_socket = 1000;
inline constexpr std::size_t max_group_name = 256;

/// Why a list of group names cannot be used; empty where it can.
std::string judge_groups(const std::vector<std::string>& groups);

/// One WebSocket as an actor: turns the connection's messages into events,
/// and requests into frames. See `socket_actor` for what it answers.
class socket final : public bound_actor, private net::connection_observer {
public:
  socket(caf::actor_config& config, shard& home, socket_host& host,
         std::shared_ptr<const handshake_attributes> handshake,
         socket_route route, net::connection_lease lease);

  ~socket() override;

  const char* name() const override;

  /// Takes the connection over and hands out the connection event. The socket
  /// is in the directory and its default groups by now.
  void start(std::unique_ptr<net::connection> stream,
             std::span<const std::byte> received);

  /// Writes one message as part of a broadcast.
  /// @returns the reason it cannot be reached; empty where it was queued.
  std::string_view broadcast(net::outgoing_message& message);

  /// Starts the closing handshake.
  /// @param on_gone called once the connection is gone.
  /// @returns false where the socket is closing already.
  bool close(close_code code, const std::string& reason,
             std::function<void()> on_gone);

  /// Ends the connection at once.
  void cut(const std::string& reason);

  /// Gives up on answers of handlers.
  void forget_handlers();

  /// A handler has died: closes with 1011 where it fed this socket.
  void target_died(const caf::actor_addr& target);

  const handshake_attributes& handshake() const noexcept {
    return *handshake_;
  }

  const std::shared_ptr<const handshake_attributes>&
  shared_handshake() const noexcept {
    return handshake_;
  }

  socket_attributes attributes();
  socket_info info();

  /// How it ended, once the connection is gone.
  const close_outcome& outcome() const noexcept {
    return outcome_;
  }

  const socket_counters& final_counters() const noexcept {
    return counters_;
  }

  config_counters& config() const noexcept {
    return *route_.config->counters;
  }

  // -- the directory's own
  // ------------------------------------------------------

  std::size_t directory_position = 0;
  boost::container::small_vector<membership, 1> memberships;
  std::uint64_t last_walk = 0;

private:
  struct pending_send {
    net::send_token token = 0;
    reply answer;
  };

  void receive(caf::mailbox_element& what) override;
  void refuse(caf::mailbox_element& what) override;
  void fail(const char* what) override;
  void on_exit_message(const caf::error& reason) override;

  bool on_message(net::opcode op, std::span<const std::byte> content) override;
  void on_written(net::send_token token) override;
  void on_dropped(net::send_token token, std::string_view why) override;
  void on_end(net::connection_end&& end) override;

  void receive_response(caf::mailbox_element& what);
  void handle_send(caf::mailbox_element& what);
  void handle_close(caf::mailbox_element& what);
  void handle_subscribe(caf::mailbox_element& what);
  void handle_unsubscribe(caf::mailbox_element& what);

  void open_gate();
  void settle();
  void refresh_groups();
  socket_counters counters() const;
  reply take_pending(net::send_token token);
  caf::error not_reachable(std::string_view why) const;
  caf::error no_such_socket() const;
  const caf::strong_actor_ptr* target_of(const subscription_ptr& what) const;
  void send_event(const caf::strong_actor_ptr& target, std::uint64_t id,
                  caf::message content);

  socket_host& host_;
  std::shared_ptr<const handshake_attributes> handshake_;
  std::shared_ptr<const string_list> groups_;
  socket_route route_;
  net::connection_lease lease_;
  std::unique_ptr<net::connection> connection_;
  std::vector<pending_send> sends_;
  std::vector<std::function<void()>> on_gone_;
  net::send_token last_token_ = 0;
  std::uint64_t last_event_ = 1;
  /// Message events that were not answered yet.
  std::uint32_t owed_ = 0;
  /// Whether the connection event was not answered yet.
  bool gated_ = false;
  bool gone_ = false;
  bool settled_ = false;
  socket_counters counters_;
  close_outcome outcome_;
};

} // namespace switchboard::actors
