#include "actors/socket.hpp"

#include <algorithm>
#include <utility>

#include "actors/outbound_state.hpp"
#include "actors/outgoing_of.hpp"
#include "actors/shard.hpp"
#include "actors/socket_sending.hpp"
#include "net/utf8.hpp"

namespace switchboard::actors {

namespace {

pinned_handler* handler_on(const subscription* what, shard& home) {
  if (what == nullptr)
    return nullptr;
  auto target =
      caf::actor_cast<caf::abstract_actor*>(what->target(home.index()));
  auto result = dynamic_cast<pinned_handler*>(target);
  return result != nullptr && result->unit() == home.pinning_unit() ? result
                                                                    : nullptr;
}

} // namespace

std::string judge_groups(const std::vector<std::string>& groups) {
  if (groups.size() > max_groups_per_socket)
    return "more than 1000 groups";
  for (auto& group : groups) {
    if (group.empty())
      return "a group's name is empty";
    if (group.size() > max_group_name)
      return "a group's name is longer than 256 bytes";
    if (!net::is_utf8(std::as_bytes(std::span{group})))
      return "a group's name is not UTF-8";
  }
  return {};
}

socket::socket(caf::actor_config& config, shard& home, socket_host& host,
               std::shared_ptr<const handshake_attributes> handshake,
               socket_route route, net::connection_lease lease)
    : bound_actor(config, home),
      host_(host),
      handshake_(std::move(handshake)),
      route_(std::move(route)),
      handler_(handler_on(route_.messages, home)),
      lease_(std::move(lease)) {}

socket::socket(caf::actor_config& config, shard& home, socket_host& host,
               std::shared_ptr<const handshake_attributes> handshake,
               socket_route route, outbound_plan_ptr plan)
    : socket(config, home, host, handshake, std::move(route),
             net::connection_lease{}) {
  outbound_ =
      std::make_unique<outbound_state>(std::move(plan), std::move(handshake));
}

socket::~socket() = default;

const std::shared_ptr<const handshake_attributes>&
socket::shared_handshake() const noexcept {
  return outbound_ ? outbound_->handshake : handshake_;
}

const char* socket::name() const {
  return "switchboard.socket";
}

void socket::take_route(socket_route&& route) {
  route_ = std::move(route);
  handler_ = handler_on(route_.messages, home());
}

void socket::start(std::unique_ptr<net::connection> stream,
                   std::span<const std::byte> received) {
  connection_ = std::move(stream);
  auto target = target_of(route_.connections);
  gated_ = target != nullptr;
  prepare_parts();
  if (home().taps() != nullptr)
    tell_change(tap_event_kind::opened);
  connection_->start(*this, received, gated_);
  if (gone_) {
    forget_handlers();
    return;
  }
  if (gated_)
    send_event(*target, connection_event_id,
               caf::make_message(connection_event{caf::strong_actor_ptr{ctrl()},
                                                  attributes()}));
}

// -- from the connection
// ---------------------------------------------------------

inline bool socket::take(net::opcode op, std::span<const std::byte> content) {
  if (handler_ != nullptr)
    return call_handler(op, content);
  auto target = target_of(route_.messages);
  if (target == nullptr)
    return true;
  std::string bytes{reinterpret_cast<const char*>(content.data()),
                    content.size()};
  ++owed_;
  send_event(*target, ++last_event_,
             caf::make_message(message_event{
                 caf::strong_actor_ptr{ctrl()}, attributes(),
                 payload{std::move(bytes), op == net::opcode::binary}}));
  return owed_ < route_.messages->credit;
}

bool socket::on_message(net::opcode op, std::span<const std::byte> content) {
  if (home().taps() != nullptr) [[unlikely]]
    return take_tapped(op, content);
  return take(op, content);
}

[[gnu::noinline]] bool socket::take_tapped(net::opcode op,
                                           std::span<const std::byte> content) {
  tell_message(tap_event_kind::message, op, content);
  return take(op, content);
}

bool socket::call_handler(net::opcode op, std::span<const std::byte> content) {
  if (handler_->deaf())
    return true;
  ++owed_;
  message_view view{
      {reinterpret_cast<const char*>(content.data()), content.size()},
      op == net::opcode::binary};
  auto outer = std::exchange(home().checked_text,
                             view.binary ? std::string_view{} : view.bytes);
  try {
    // A handler may have called `done` for this very message.
    if (handler_->on_message(*this, view) && owed_ > 0)
      --owed_;
  } catch (const std::exception& failure) {
    handler_failed(failure.what());
  }
  home().checked_text = outer;
  if (gone_)
    settle();
  return owed_ < route_.messages->credit;
}

void socket::on_written(net::send_token token) {
  if (journals()) {
    written_outbound(token);
    return;
  }
  if (auto what = sends_.take(token)) {
    home().counters().sends.add(home().loop().now() - what->since);
    if (what->watch)
      what->watch->delivered(*this, {});
    else if (what->handler)
      what->tell_handler({});
    else
      what->answer->deliver();
  }
}

void socket::on_dropped(net::send_token token, net::drop_cause cause,
                        std::string_view why) {
  if (journals()) {
    // What an ended connection had is sent over the next, or failed with it.
    if (cause == net::drop_cause::overflow)
      dropped_outbound(token, why);
    return;
  }
  auto what = sends_.take(token);
  if (!what)
    return;
  // A handler hears of it later: it may be sending this very moment.
  if (what->watch)
    what->watch->delivered(*this, why);
  else if (what->handler)
    home().post(*this, caf::make_mailbox_element(
                           nullptr, caf::make_message_id(), {},
                           lost_send{std::move(what->handler), what->id,
                                     not_reachable(why)}));
  else
    what->answer->fail(not_reachable(why));
}

void socket::on_closing() {
  drop_parts();
  count_as(socket_state::closing);
}

void socket::on_end(net::connection_end&& end) {
  drop_parts();
  if (keeps_going(end))
    lose_connection(std::move(end));
  else
    end_for_good({end.code, std::move(end.reason), end.clean, end.by}, {});
}

/// @param why what becomes of messages that still wait; empty: they share
///        the connection's fate.
void socket::end_for_good(close_outcome&& outcome, const caf::error& why) {
  auto counted = counters();
  counted.queued_bytes = 0;
  ending_ = std::make_unique<const ending>(ending{std::move(outcome), counted});
  gone_ = true;
  count_as(std::nullopt);
  home().counters().closed.add(ending_->outcome.code, ending_->outcome.by);
  if (connection_)
    home().loop().dispose(std::move(connection_));
  lease_ = {};
  refresh_groups();
  if (home().taps() != nullptr)
    tell_change(tap_event_kind::closed, ending_->outcome);
  host_.socket_lost(*this);
  if (outbound_)
    drop_journal(why ? why : not_reachable("the connection was lost"));
  if (auto callbacks = std::exchange(on_gone_, nullptr))
    for (auto& callback : *callbacks)
      callback();
  settle();
}

// -- from the shard
// ----------------------------------------------------------------

std::string_view
socket::broadcast(net::outgoing_message& message,
                  const std::shared_ptr<delivery_watch>& watch) {
  if (gone_)
    return "the connection was lost";
  if (!connection_)
    return "the socket is being reconnected";
  net::send_token token = 0;
  if (journals()) {
    if (outbound_->journal.waiting())
      return "the send queue is full";
    token = ++last_token_;
  } else if (watch) {
    token = ++last_token_;
  }
  switch (give(message, token)) {
    case net::connection::send_result::queue_full:
      return "the send queue is full";
    case net::connection::send_result::not_open:
      return "the socket is closing";
    case net::connection::send_result::queued:
      break;
  }
  if (journals()) {
    auto what = journal_entry(payload_of(message));
    what.token = token;
    outbound_->journal.add_given(std::move(what));
  } else if (watch) {
    sends_.push({token, {}, {}, 0, home().loop().now(), watch});
  }
  return {};
}

bool socket::close(close_code code, std::string_view reason,
                   std::function<void()> on_gone, closed_by by) {
  if (gone_)
    return false;
  if (outbound_)
    outbound_->ends = true;
  if (connection_ && !connection_->open())
    return false;
  if (on_gone)
    when_gone(std::move(on_gone));
  if (connection_)
    connection_->close(code, reason, by);
  else
    end_reconnecting("closed while it was being reconnected",
                     not_reachable("the socket was closed"), by);
  return true;
}

void socket::when_gone(std::function<void()> callback) {
  if (!on_gone_)
    on_gone_ = std::make_unique<std::vector<std::function<void()>>>();
  on_gone_->push_back(std::move(callback));
}

void socket::cut(const std::string& reason, closed_by by) {
  if (gone_)
    return;
  if (outbound_)
    outbound_->ends = true;
  if (connection_)
    connection_->abort(reason, by);
  else
    end_reconnecting(reason, not_reachable(reason), by);
}

void socket::forget_handlers() {
  drop_parts();
  owed_ = 0;
  gated_ = false;
  if (gone_)
    settle();
}

void socket::target_died(const caf::actor_addr& target) {
  auto feeds = [&](const subscription* what) {
    auto ptr = target_of(what);
    return ptr != nullptr && caf::actor_cast<caf::actor_addr>(*ptr) == target;
  };
  auto messages = feeds(route_.messages);
  auto connections = gated_ && feeds(route_.connections);
  if (messages) {
    drop_parts();
    owed_ = 0;
  }
  if (connections)
    gated_ = false;
  if (gone_)
    settle();
  else if (messages || connections)
    close(close_codes::internal_error, "the handler has died", {},
          closed_by::handler);
}

// -- state
// ---------------------------------------------------------------------------

void socket::settle() {
  // The closed event comes behind everything that handlers still work on.
  if (!gone_ || settled_ || gated_ || owed_ > 0)
    return;
  settled_ = true;
  // The books let go of us before we are done.
  caf::strong_actor_ptr keep{ctrl()};
  if (auto target = target_of(route_.closings))
    (*target)->enqueue(caf::strong_actor_ptr{ctrl()}, caf::message_id{},
                       caf::make_message(closed_event{
                           attributes(), ending_->outcome, ending_->counters}),
                       nullptr);
  host_.socket_ended(*this);
  quit(caf::exit_reason::normal);
}

void socket::count_as(std::optional<socket_state> state) noexcept {
  auto type = identity().type();
  if (state)
    config().count(type, *state).fetch_add(1, std::memory_order_relaxed);
  if (counted_as_)
    config().count(type, *counted_as_).fetch_sub(1, std::memory_order_relaxed);
  counted_as_ = state;
}

socket_attributes socket::attributes() {
  if (!groups_)
    refresh_groups();
  return {shared_handshake(), groups_};
}

void socket::refresh_groups() {
  string_list names;
  names.reserve(memberships.size());
  for (auto& entry : memberships)
    names.push_back(entry.group->name);
  std::sort(names.begin(), names.end());
  groups_ = std::make_shared<const string_list>(std::move(names));
}

socket_info socket::info() {
  socket_info result;
  result.attributes = attributes();
  if (!gone_ && !connection_)
    result.state = socket_state::reconnecting;
  else if (gone_ || !connection_->open())
    result.state = socket_state::closing;
  result.counters = counters();
  return result;
}

socket_counters socket::counters() const {
  if (ending_)
    return ending_->counters;
  auto result = outbound_ ? outbound_->counted : socket_counters{};
  if (connection_) {
    auto& stats = connection_->stats();
    result.messages_received += stats.messages_received;
    result.messages_sent += stats.messages_sent;
    result.bytes_received += stats.bytes_received;
    result.bytes_sent += stats.bytes_sent;
    result.queued_bytes = connection_->queued_bytes();
    result.peak_queued_bytes =
        std::max(result.peak_queued_bytes, stats.peak_queued_bytes);
  }
  if (outbound_)
    result.queued_bytes += outbound_->journal.waiting_bytes();
  return result;
}

caf::error socket::not_reachable(std::string_view why) const {
  return make_error(errc::connectivity,
                    "socket " + std::string{handshake_->socket_id()} + " at "
                        + std::string{handshake().remote_address()} + ": "
                        + std::string{why});
}

caf::error socket::not_text() const {
  return make_error(errc::invalid_argument,
                    "socket " + std::string{identity().socket_id()}
                        + ": text content is not UTF-8");
}

caf::error socket::no_such_socket() const {
  return make_error(errc::no_such_socket,
                    "no socket has the id "
                        + std::string{handshake_->socket_id()});
}

const caf::strong_actor_ptr* socket::target_of(const subscription* what) const {
  return what ? &what->target(home().index()) : nullptr;
}

void socket::send_event(const caf::strong_actor_ptr& target, std::uint64_t id,
                        caf::message content) {
  target->enqueue(caf::strong_actor_ptr{ctrl()}, caf::make_message_id(id),
                  std::move(content), nullptr);
}

} // namespace switchboard::actors
