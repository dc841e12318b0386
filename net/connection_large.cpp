#include <utility>

#include "net/connection.hpp"

// Messages that are too large for memory: the way out in fragments, the way in
// as parts.

namespace switchboard::net {

connection::send_result connection::send_large(const outgoing_message& message,
                                               send_token token) {
  constexpr auto cost = large_sender::fragment_size;
  if (auto waiting = queued_bytes();
      waiting > 0 && waiting + cost > options_->send_queue_limit)
    if (auto result = make_way(cost); result != send_result::queued)
      return result;
  stats_.bytes_sent += message.large()->size();
  loop_.traffic().bytes_sent.add(message.large()->size());
  active_ = loop_.now();
  if (!sender_)
    sender_ = std::make_unique<large_sender>(
        loop_, static_cast<large_sender::receiver&>(*this));
  sender_->push({nullptr, message.large(), message.op(), token, 0, cost});
  pump_large();
  return send_result::queued;
}

/// Puts what waits in the sender into the queue, as far as it goes without
/// waiting for a piece or for room.
void connection::pump_large() {
  while (sender_ && phase_ == phase::open) {
    if (sender_->empty()) {
      sender_.reset();
      break;
    }
    auto& next = sender_->front();
    if (!next.frame) {
      // One fragment is written while the next is read.
      if (!sender_->reading() && queue_.bytes() <= large_sender::fragment_size)
        sender_->read();
      break;
    }
    queue_.push(std::move(next.frame), next.token);
    sender_->pop();
  }
  if (!write_blocked_ && !queue_.empty())
    loop_.mark_dirty(*this);
  if (queued_bytes() != noted_bytes_)
    note_queue();
}

void connection::on_piece(std::string&& bytes, std::error_code problem) {
  sender_->arrived();
  if (phase_ != phase::open)
    return;
  auto& what = sender_->front();
  if (problem) {
    auto token = what.token;
    auto begun = what.offset > 0;
    sender_->pop();
    // Not for another connection to try again.
    if (token != 0)
      observer_->on_dropped(token, drop_cause::overflow,
                            "its content could not be read");
    // Only the end of the connection ends a message that was begun.
    if (begun)
      fail_begun();
    else
      pump_large();
    return;
  }
  auto op = what.offset == 0 ? what.op : opcode::continuation;
  what.offset += bytes.size();
  auto fin = what.offset == what.large->size();
  auto key = next_key();
  queue_.push(outgoing_frame::fragment(op, std::as_bytes(std::span{bytes}), fin,
                                       key ? &*key : nullptr),
              fin ? what.token : 0);
  active_ = loop_.now();
  if (fin)
    sender_->pop();
  pump_large();
}

void connection::fail_begun() {
  if (phase_ != phase::open)
    return;
  drop_queued(drop_cause::ended, "a message before it could not be read");
  close(close_codes::internal_error, "a message could not be read",
        closed_by::operation);
}

std::size_t connection::drop_waiting(std::size_t bytes) {
  if (!sender_)
    return 0;
  auto before = sender_->bytes();
  auto dropped = sender_->drop_oldest(bytes);
  auto gone = before - sender_->bytes();
  for (auto token : dropped)
    observer_->on_dropped(token, drop_cause::overflow,
                          "dropped from a full queue");
  return gone;
}

void connection::drop_sender(drop_cause cause, std::string_view why) {
  if (auto sender = std::exchange(sender_, nullptr))
    for (auto token : sender->tokens())
      observer_->on_dropped(token, cause, why);
}

bool connection::on_part(opcode op, std::span<const std::byte> bytes,
                         part_place place) {
  if (phase_ != phase::open)
    return true;
  if (rate_ && place.first && !obey(rate_->take_message())) [[unlikely]]
    return true;
  active_ = loop_.now();
  auto& traffic = loop_.traffic();
  if (place.last) {
    ++stats_.messages_received;
    traffic.messages_received.add();
  }
  stats_.bytes_received += bytes.size();
  traffic.bytes_received.add(bytes.size());
  if (!observer_->on_part(op, bytes, place) && phase_ == phase::open)
    paused_ = true;
  return !paused_ && !throttled_;
}

} // namespace switchboard::net
