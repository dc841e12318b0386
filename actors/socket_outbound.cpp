#include "actors/socket.hpp"

#include <algorithm>
#include <utility>

#include "actors/outbound_state.hpp"
#include "actors/outgoing_of.hpp"
#include "actors/reconnect.hpp"
#include "actors/shard.hpp"
#include "actors/socket_sending.hpp"

// What an outbound socket does when its connection is lost, and what becomes
// of its messages meanwhile.

namespace switchboard::actors {

const outbound_plan* socket::plan() const noexcept {
  return outbound_ ? outbound_->plan.get() : nullptr;
}

/// Whether its messages outlive its connections.
bool socket::journals() const noexcept {
  return outbound_
         && outbound_->plan->reconnection.strategy
                != reconnection_strategy::none;
}

// -- losing the connection, and going on
// ----------------------------------------

bool socket::keeps_going(const net::connection_end& end) const noexcept {
  if (!journals() || outbound_->ends)
    return false;
  auto& finals = outbound_->plan->reconnection.final_close_codes;
  return !end.clean
         || std::find(finals.begin(), finals.end(), end.code) == finals.end();
}

void socket::lose_connection(net::connection_end&& end) {
  outbound_->counted = counters();
  outbound_->counted.queued_bytes = 0;
  home().loop().dispose(std::move(connection_));
  count_as(socket_state::reconnecting);
  if (home().taps() != nullptr)
    tell_change(tap_event_kind::reconnecting,
                {end.code, end.reason, end.clean, end.by});
  auto why = render_close_code(end.code);
  if (!end.reason.empty())
    why += ": " + end.reason;
  auto& journal = outbound_->journal;
  journal.rewind();
  auto impatient =
      journal.take_waiting([](auto& entry) { return !entry.waits; });
  for (auto& entry : impatient)
    fail_send(std::move(entry),
              not_reachable("the connection was lost: " + why));
  host_.connection_lost(*this, why);
}

bool socket::go_on(std::unique_ptr<net::connection> stream,
                   std::span<const std::byte> received,
                   std::shared_ptr<const handshake_attributes> handshake,
                   socket_route route) {
  if (gone_ || connection_)
    return false;
  outbound_->handshake = std::move(handshake);
  // Answers that are still owed belong to the handlers of before.
  if (owed_ == 0)
    take_route(std::move(route));
  connection_ = std::move(stream);
  count_as(socket_state::open);
  auto full = route_.messages != nullptr && owed_ >= route_.messages->credit;
  prepare_parts();
  if (home().taps() != nullptr)
    tell_change(tap_event_kind::reopened);
  connection_->start(*this, received, full);
  pump();
  return true;
}

/// @param reason of the closed event.
/// @param why of the messages that wait.
void socket::end_reconnecting(std::string reason, const caf::error& why,
                              closed_by by) {
  if (!outbound_ || gone_ || connection_)
    return;
  end_for_good({close_codes::abnormal, std::move(reason), false, by}, why);
}

// -- messages
// -------------------------------------------------------------------

namespace {

/// How an operation meets a socket without a connection.
struct patience {
  bool waits = false;
  std::optional<net::clock::time_point> deadline;
};

patience patience_of(const reconnection_options& strategy,
                     net::clock::time_point now) {
  if (strategy.strategy == reconnection_strategy::none || !strategy.blocking)
    return {};
  if (strategy.strategy == reconnection_strategy::reconnect_forever)
    return {true, std::nullopt};
  return {true, now + longest_wait(strategy)};
}

} // namespace

outbound_send socket::journal_entry(const payload& content) const {
  outbound_send result;
  result.content = content;
  result.waits = outbound_->plan->reconnection.blocking;
  result.since = home().loop().now();
  return result;
}

/// @param what without a token; taken where it is queued, else left alone.
send_outcome socket::send_outbound(outbound_send& what) {
  auto& content = what.content;
  if (!is_well_formed(content))
    return send_outcome::not_text;
  if (gone_ || outbound_->ends)
    return send_outcome::not_open;
  what.token = ++last_token_;
  auto& journal = outbound_->journal;
  if (connection_ && connection_->open() && !journal.waiting()) {
    auto message = outgoing_of(content);
    switch (give(message, what.token)) {
      case net::connection::send_result::queued:
        journal.add_given(std::move(what));
        return send_outcome::queued;
      case net::connection::send_result::queue_full:
        return send_outcome::queue_full;
      case net::connection::send_result::not_open:
        break;
    }
  }
  if (!what.waits)
    return send_outcome::not_open;
  auto limit = outbound_->plan->connection->send_queue_limit;
  if (journal.waiting()
      && journal.waiting_bytes() + outbound_journal::cost(content) > limit)
    return send_outcome::queue_full;
  auto deadline = what.deadline;
  journal.add_waiting(std::move(what));
  if (deadline
      && (!outbound_->timer.armed()
          || *deadline < outbound_->timer.deadline())) {
    outbound_->timer.callback = [this] {
      drop_expired();
    };
    home().loop().arm(outbound_->timer, *deadline);
  }
  return send_outcome::queued;
}

void socket::send_outbound(const payload& content, reply&& answer,
                           const reconnection_options& strategy) {
  auto own = &strategy != &outbound_->plan->reconnection;
  auto how = patience_of(strategy, home().loop().now());
  auto what = journal_entry(content);
  what.answer = std::move(answer);
  what.waits = how.waits;
  // As long as the socket is kept by its own strategy, the supervisor counts.
  if (own)
    what.deadline = how.deadline;
  switch (send_outbound(what)) {
    case send_outcome::queued:
      break;
    case send_outcome::queue_full:
      what.answer.fail(not_reachable("the send queue is full"));
      break;
    default:
      what.answer.fail(not_reachable(connection_ || outbound_->ends
                                         ? "the socket is closing"
                                         : "the socket is being reconnected"));
      break;
  }
}

/// Gives the connection what it has room for.
void socket::pump() {
  auto& journal = outbound_->journal;
  auto limit = outbound_->plan->connection->send_queue_limit;
  while (connection_ && journal.waiting()) {
    auto& next = journal.first_waiting();
    auto queued = connection_->queued_bytes();
    if (queued > 0 && queued + outbound_journal::cost(next.content) > limit)
      return;
    auto message = outgoing_of(next.content);
    switch (give(message, next.token)) {
      case net::connection::send_result::queued:
        journal.give_first();
        break;
      case net::connection::send_result::queue_full:
        fail_send(journal.take_first_waiting(),
                  not_reachable("the send queue is full"));
        break;
      case net::connection::send_result::not_open:
        return;
    }
  }
}

void socket::written_outbound(net::send_token token) {
  if (auto what = outbound_->journal.take_given(token)) {
    if (what->handler || what->answer)
      home().counters().sends.add(home().loop().now() - what->since);
    if (what->handler)
      pending_send{0, {}, std::move(what->handler), what->id}.tell_handler({});
    else
      what->answer.deliver();
  }
  if (outbound_->journal.waiting())
    pump();
}

void socket::dropped_outbound(net::send_token token, std::string_view why) {
  if (auto what = outbound_->journal.take_given(token))
    fail_send(std::move(*what), not_reachable(why));
}

void socket::drop_expired() {
  auto now = home().loop().now();
  auto& journal = outbound_->journal;
  auto late = journal.take_waiting(
      [now](auto& entry) { return entry.deadline && *entry.deadline <= now; });
  for (auto& entry : late)
    fail_send(std::move(entry),
              make_error(errc::retry_exhausted,
                         "socket " + std::string{identity().socket_id()}
                             + " at "
                             + std::string{handshake().remote_address()}
                             + ": not reconnected in time"));
  if (auto next = journal.next_deadline())
    home().loop().arm(outbound_->timer, *next);
}

void socket::drop_waiting(const caf::error& why) {
  auto all = outbound_->journal.take_waiting([](auto&) { return true; });
  for (auto& entry : all)
    fail_send(std::move(entry), why);
}

void socket::drop_journal(const caf::error& why) {
  if (outbound_->timer.armed())
    home().loop().disarm(outbound_->timer);
  for (auto& entry : outbound_->journal.take_all())
    fail_send(std::move(entry), why);
}

void socket::fail_send(outbound_send&& what, const caf::error& why) {
  if (!what.handler) {
    what.answer.fail(why);
    return;
  }
  // A handler hears of it later: it may be sending this very moment.
  home().post(*this, caf::make_mailbox_element(
                         nullptr, caf::make_message_id(), {},
                         lost_send{std::move(what.handler), what.id, why}));
}

void socket::handle_send_by_strategy(caf::mailbox_element& what) {
  auto& request = what.content().get_as<send_by_strategy>(0);
  reply answer{*this, what};
  auto& content = request.content;
  if (gone_) {
    answer.fail(no_such_socket());
    return;
  }
  if (!is_well_formed(content)) {
    answer.fail(not_text());
    return;
  }
  if (journals())
    send_outbound(content, std::move(answer), request.reconnection);
  else
    send_with_answer(content, std::move(answer));
}

} // namespace switchboard::actors
