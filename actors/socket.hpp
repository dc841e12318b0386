#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <caf/all.hpp>

#include <switchboard/interfaces.hpp>
#include <switchboard/pinned_handler.hpp>
#include <switchboard/tap.hpp>

#include "actors/bound_actor.hpp"
#include "actors/delivery_watch.hpp"
#include "actors/directory.hpp"
#include "actors/outbound_journal.hpp"
#include "actors/outbound_plan.hpp"
#include "actors/pending_sends.hpp"
#include "actors/routes.hpp"
#include "net/connection.hpp"
#include "net/listener.hpp"

namespace switchboard::actors {

class socket;

/// A message that a handler waited for will never be written; of the socket
/// to itself.
struct lost_send {
  caf::strong_actor_ptr handler;
  std::uint64_t id = 0;
  caf::error problem;
};

/// A `socket_send` with a strategy of its own.
struct send_by_strategy {
  payload content;
  reconnection_options reconnection;
};

/// The supervisor has given up on an outbound socket that is being
/// reconnected.
struct outbound_given_up {
  /// RETRY_EXHAUSTED, or what ended the attempts before.
  caf::error why;
};

struct outbound_state;

/// The shard's part that sockets report to. Called on the shard's thread.
class socket_host {
public:
  /// Its connection is gone: no operation finds it any more.
  virtual void socket_lost(socket& who) = 0;

  /// An outbound socket's connection is gone and is to be replaced.
  virtual void connection_lost(socket& who, const std::string& why) = 0;

  /// It has handed out its closed event and ended.
  virtual void socket_ended(socket& who) = 0;

  virtual join_result join_group(socket& who, const std::string& group) = 0;
  virtual bool leave_group(socket& who, const std::string& group) = 0;

  /// Takes another token in the place of the one that it was let in with.
  virtual caf::error renew_token(socket& who, const std::string& token) = 0;

  /// A handler of its events failed.
  virtual void event_failed(const socket& who, const caf::error& reason) = 0;

protected:
  ~socket_host() = default;
};

/// The request id of the connection event; message events count up from it.
inline constexpr std::uint64_t connection_event_id = 1;

/// The most groups that any socket may be in, and the most bytes of a group's
/// name.
inline constexpr std::size_t max_groups_per_socket = 1000;
inline constexpr std::size_t max_group_name = 256;

/// Why a list of group names cannot be used; empty where it can.
std::string judge_groups(const std::vector<std::string>& groups);

/// One WebSocket as an actor: turns the connection's messages into events,
/// and requests into frames. See `socket_actor` for what it answers.
class socket final : public bound_actor,
                     public local_socket,
                     private net::connection_observer {
public:
  socket(caf::actor_config& config, shard& home, socket_host& host,
         std::shared_ptr<const handshake_attributes> handshake,
         socket_route route, net::connection_lease lease);

  /// An outbound socket.
  socket(caf::actor_config& config, shard& home, socket_host& host,
         std::shared_ptr<const handshake_attributes> handshake,
         socket_route route, outbound_plan_ptr plan);

  ~socket() override;

  const char* name() const override;

  /// Takes the connection over and hands out the connection event. The socket
  /// is in the directory and its default groups by now.
  void start(std::unique_ptr<net::connection> stream,
             std::span<const std::byte> received);

  /// Goes on over a new connection; without effect where it is gone for good
  /// by now.
  /// @param handshake of the same id, the next generation.
  /// @returns whether it took the connection.
  bool go_on(std::unique_ptr<net::connection> stream,
             std::span<const std::byte> received,
             std::shared_ptr<const handshake_attributes> handshake,
             socket_route route);

  /// Writes one message as part of a broadcast.
  /// @param watch told what becomes of it, where that is `watchable`.
  /// @returns the reason it cannot be reached; empty where it was queued.
  std::string_view
  broadcast(net::outgoing_message& message,
            const std::shared_ptr<delivery_watch>& watch = nullptr);

  /// Whether what it has queued is written or lost with its connection.
  bool watchable() const noexcept {
    return !journals();
  }

  /// Starts the closing handshake.
  /// @param on_gone called once the connection is gone.
  /// @returns false where the socket is closing already.
  bool close(close_code code, std::string_view reason,
             std::function<void()> on_gone,
             closed_by by = closed_by::operation);

  /// Whether it is closing, or gone.
  bool is_closing() const noexcept {
    return gone_ || (connection_ && !connection_->open());
  }

  /// What `shed` would let go of, in bytes.
  std::size_t shed_bytes() const noexcept;

  /// Lets go of all that waits and closes with 1013: memory has run out. An
  /// outbound socket comes back by its strategy.
  void shed();

  /// The most groups that it may be in.
  std::size_t max_groups() const noexcept {
    return route_.config
        ->max_groups[static_cast<std::size_t>(identity().type())];
  }

  /// The listener of its configuration when it came.
  const std::string& listener() const noexcept {
    return route_.config->listener;
  }

  /// Ends the connection at once.
  void cut(const std::string& reason, closed_by by);

  /// Gives up on answers of handlers.
  void forget_handlers();

  /// A handler has died: closes with 1011 where it fed this socket.
  void target_died(const caf::actor_addr& target);

  /// Of its first connection: id, type and configuration never change. Any
  /// thread.
  const handshake_attributes& identity() const noexcept {
    return *handshake_;
  }

  /// Of the connection at hand, or of the last one.
  const handshake_attributes& handshake() const noexcept {
    return *shared_handshake();
  }

  const std::shared_ptr<const handshake_attributes>&
  shared_handshake() const noexcept;

  /// How an outbound socket is opened; null for an inbound one.
  const outbound_plan* plan() const noexcept;

  socket_info info();

  // local_socket
  send_outcome send(message_view content) override;
  send_outcome send(const payload& content) override;
  send_outcome send(const payload& content, pinned_handler& who,
                    std::uint64_t id) override;
  void close(close_code code, std::string_view reason) override;
  socket_attributes attributes() override;
  caf::strong_actor_ptr handle() override;
  void done() override;
  void read_on() override;

  /// How it ended.
  struct ending {
    close_outcome outcome;
    socket_counters counters;
  };

  /// @pre the connection is gone
  const ending& how_it_ended() const noexcept {
    return *ending_;
  }

  config_counters& config() const noexcept {
    return *route_.config->counters;
  }

  /// Counts it under another state from here on; unset: not at all.
  void count_as(std::optional<socket_state> state) noexcept;

  // -- the directory's own
  // ------------------------------------------------------

  std::size_t directory_position = 0;
  boost::container::small_vector<membership, 1> memberships;
  std::uint64_t last_walk = 0;

private:
  void receive(caf::mailbox_element& what) override;
  void refuse(caf::mailbox_element& what) override;
  void fail(const char* what) override;
  void on_exit_message(const caf::error& reason) override;

  bool on_message(net::opcode op, std::span<const std::byte> content) override;
  bool on_part(net::opcode op, std::span<const std::byte> bytes,
               net::part_place place) override;
  void on_written(net::send_token token) override;
  void on_dropped(net::send_token token, net::drop_cause cause,
                  std::string_view why) override;
  void on_closing() override;
  void on_end(net::connection_end&& end) override;

  /// Gives the connection a message; see socket_sending.hpp.
  net::connection::send_result give(net::outgoing_message& message,
                                    net::send_token token = 0);
  net::connection::send_result give(net::opcode op,
                                    std::span<const std::byte> bytes,
                                    net::send_token token = 0);

  // What taps are told, where there are any.
  void tell_message(tap_event_kind kind, net::opcode op,
                    std::span<const std::byte> content);
  net::connection::send_result give_and_tell(net::outgoing_message& message,
                                             net::send_token token);
  net::connection::send_result give_and_tell(net::opcode op,
                                             std::span<const std::byte> bytes,
                                             net::send_token token);
  bool take_tapped(net::opcode op, std::span<const std::byte> content);
  void tell_part(net::opcode op, std::span<const std::byte> bytes,
                 net::part_place place);
  void tell_part_dropped();
  void tell_change(tap_event_kind kind, const close_outcome& outcome = {});

  bool take(net::opcode op, std::span<const std::byte> content);
  bool call_handler(net::opcode op, std::span<const std::byte> content);
  void prepare_parts();
  void drop_parts();
  void handler_failed(const char* why);
  send_outcome queue(const payload& content, net::send_token token);
  void given_up(const caf::error& why);
  static void tell_lost(const lost_send& what);

  void receive_response(caf::mailbox_element& what);
  void handle_send(caf::mailbox_element& what);
  void handle_send_by_strategy(caf::mailbox_element& what);
  void send_with_answer(const payload& content, reply&& answer);
  void handle_close(caf::mailbox_element& what);
  void handle_subscribe(caf::mailbox_element& what);
  void handle_unsubscribe(caf::mailbox_element& what);
  void handle_renew_token(caf::mailbox_element& what);
  std::string join(const std::vector<std::string>& groups, bool& changed);

  void take_route(socket_route&& route);

  // What an outbound socket does beyond.
  bool keeps_going(const net::connection_end& end) const noexcept;
  void lose_connection(net::connection_end&& end);
  void end_reconnecting(std::string reason, const caf::error& why,
                        closed_by by);
  outbound_send journal_entry(const payload& content) const;
  send_outcome send_outbound(outbound_send& what);
  void send_outbound(const payload& content, reply&& answer,
                     const reconnection_options& strategy);
  void pump();
  void written_outbound(net::send_token token);
  void dropped_outbound(net::send_token token, std::string_view why);
  void drop_expired();
  void drop_waiting(const caf::error& why);
  void drop_journal(const caf::error& why);
  void fail_send(outbound_send&& what, const caf::error& why);
  bool journals() const noexcept;

  void end_for_good(close_outcome&& outcome, const caf::error& why);
  void when_gone(std::function<void()> callback);
  void open_gate();
  void settle();
  void refresh_groups();
  socket_counters counters() const;
  caf::error not_reachable(std::string_view why) const;
  caf::error no_such_socket() const;
  caf::error not_text() const;
  const caf::strong_actor_ptr* target_of(const subscription* what) const;
  void send_event(const caf::strong_actor_ptr& target, std::uint64_t id,
                  caf::message content);

  socket_host& host_;
  std::shared_ptr<const handshake_attributes> handshake_;
  std::shared_ptr<const string_list> groups_;
  socket_route route_;
  /// Who gets messages by call; null where they go by mailbox.
  pinned_handler* handler_ = nullptr;
  /// Who takes the large message begun; null: none was.
  std::unique_ptr<message_parts> parts_;
  net::connection_lease lease_;
  /// Null once it is gone, and while an outbound socket is reconnected.
  std::unique_ptr<net::connection> connection_;
  /// Null for inbound sockets.
  std::unique_ptr<outbound_state> outbound_;
  pending_sends sends_;
  /// Of closings; null where nobody has asked.
  std::unique_ptr<std::vector<std::function<void()>>> on_gone_;
  /// Set when the connection is gone.
  std::unique_ptr<const ending> ending_;
  net::send_token last_token_ = 0;
  std::uint64_t last_event_ = 1;
  /// Message events that were not answered yet.
  std::uint32_t owed_ = 0;
  /// Whether the connection event was not answered yet.
  bool gated_ = false;
  /// Whether who takes a large message said stop.
  bool held_ = false;
  bool gone_ = false;
  bool settled_ = false;
  std::optional<socket_state> counted_as_;
};

} // namespace switchboard::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::lost_send)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::send_by_strategy)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::outbound_given_up)
