#include "actors/socket.hpp"

#include <utility>

#include "actors/outbound_state.hpp"
#include "actors/outgoing_of.hpp"
#include "actors/shard.hpp"
#include "actors/socket_sending.hpp"
#include "net/utf8.hpp"

// A socket as a handler of its own shard sees it.

namespace switchboard::actors {

namespace {

send_outcome outcome_of(net::connection::send_result what) {
  switch (what) {
    case net::connection::send_result::queued:
      return send_outcome::queued;
    case net::connection::send_result::queue_full:
      return send_outcome::queue_full;
    default:
      return send_outcome::not_open;
  }
}

} // namespace

send_outcome socket::send(message_view content) {
  auto bytes = std::as_bytes(std::span{content.bytes});
  // What is sent back as it came was looked at when it came.
  auto& known = home().checked_text;
  auto checked = content.bytes.data() == known.data()
                 && content.bytes.size() == known.size();
  if (!content.binary && !checked && !net::is_utf8(bytes))
    return send_outcome::not_text;
  if (gone_)
    return send_outcome::not_open;
  if (journals()) {
    auto what =
        journal_entry(payload{std::string{content.bytes}, content.binary});
    return send_outbound(what);
  }
  if (!connection_)
    return send_outcome::not_open;
  return outcome_of(
      give(content.binary ? net::opcode::binary : net::opcode::text, bytes));
}

send_outcome socket::send(const payload& content) {
  if (journals()) {
    auto what = journal_entry(content);
    return send_outbound(what);
  }
  return queue(content, 0);
}

send_outcome socket::send(const payload& content, pinned_handler& who,
                          std::uint64_t id) {
  if (journals()) {
    auto what = journal_entry(content);
    what.handler = caf::strong_actor_ptr{who.ctrl()};
    what.id = id;
    return send_outbound(what);
  }
  auto token = ++last_token_;
  auto result = queue(content, token);
  if (result == send_outcome::queued)
    sends_.push({token,
                 {},
                 caf::strong_actor_ptr{who.ctrl()},
                 id,
                 home().loop().now()});
  return result;
}

send_outcome socket::queue(const payload& content, net::send_token token) {
  if (!is_well_formed(content))
    return send_outcome::not_text;
  if (gone_ || !connection_)
    return send_outcome::not_open;
  // A small one is copied into its frame anyway.
  if (content.size() <= net::outgoing_frame::most_copied
      && !connection_->compressing())
    return outcome_of(
        give(content.binary() ? net::opcode::binary : net::opcode::text,
             content.bytes(), token));
  auto message = outgoing_of(content);
  return outcome_of(give(message, token));
}

void socket::close(close_code code, std::string_view reason) {
  if (is_sendable(code) && reason.size() <= max_close_reason
      && net::is_utf8(std::as_bytes(std::span{reason})))
    close(code, reason, {});
}

std::size_t socket::shed_bytes() const noexcept {
  return (connection_ ? connection_->shed_bytes() : 0)
         + (outbound_ ? outbound_->journal.waiting_bytes() : 0);
}

void socket::shed() {
  // Before the connection is lost: what waits would be sent over the next.
  if (outbound_)
    drop_waiting(not_reachable("memory has run out"));
  if (connection_)
    connection_->shed();
}

caf::strong_actor_ptr socket::handle() {
  return caf::strong_actor_ptr{ctrl()};
}

void socket::done() {
  if (owed_ == 0)
    return;
  --owed_;
  if (gone_)
    settle();
  else if (connection_ && !held_ && owed_ < route_.messages->credit)
    connection_->resume();
}

} // namespace switchboard::actors
