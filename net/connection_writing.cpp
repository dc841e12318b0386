#include "net/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/rand.h>
#include <sys/socket.h>

// What a connection writes: messages, control frames, the queue's way out.

namespace switchboard::net {

namespace {

/// The most pieces that one write gathers.
constexpr std::size_t pieces_per_write = 64;

/// Writes larger than this gain nothing from company.
constexpr std::size_t batched_write = 2048;

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span{text});
}

} // namespace

connection::send_result connection::send(outgoing_message& message,
                                         send_token token) {
  if (phase_ != phase::open)
    return send_result::not_open;
  if (message.large())
    return send_large(message, token);
  return push(encode(message), message.size(), token);
}

connection::send_result connection::send(opcode op,
                                         std::span<const std::byte> bytes,
                                         send_token token) {
  if (phase_ != phase::open)
    return send_result::not_open;
  return push(encode(op, bytes), bytes.size(), token);
}

frame_ptr connection::encode(opcode op, std::span<const std::byte> bytes) {
  if (compresses(bytes.size()))
    return deflate(op, bytes);
  if (options_->self == role::server)
    return outgoing_frame::copy(op, bytes);
  auto key = next_key();
  return outgoing_frame::copy(op, bytes, false, &*key);
}

connection::send_result connection::push(frame_ptr frame, std::size_t size,
                                         send_token token) {
  // One message larger than the limit is taken when nothing waits: it could
  // never be sent otherwise.
  if ((!queue_.empty() || sender_)
      && queued_bytes() + frame->size() > options_->send_queue_limit)
    if (auto result = make_way(frame->size()); result != send_result::queued)
      return result;
  stats_.bytes_sent += size;
  loop_.traffic().bytes_sent.add(size);
  active_ = loop_.now();
  if (sender_) {
    auto cost = frame->size();
    sender_->push({std::move(frame), nullptr, opcode::binary, token, 0, cost});
    note_queue();
    return send_result::queued;
  }
  queue_.push(std::move(frame), token);
  if (write_blocked_)
    note_queue();
  else
    loop_.mark_dirty(*this);
  return send_result::queued;
}

/// Lets the loop know how much waits, and remembers the most. What comes and
/// goes within one turn has not waited.
void connection::note_queue() noexcept {
  auto bytes = queued_bytes();
  stats_.peak_queued_bytes =
      std::max<std::uint64_t>(stats_.peak_queued_bytes, bytes);
  loop_.traffic().queued_bytes.add(bytes - noted_bytes_);
  noted_bytes_ = bytes;
}

connection::send_result connection::make_way(std::size_t frame_size) {
  loop_.traffic().full_queues.add();
  switch (options_->slow_consumer) {
    case slow_consumer_policy::close:
      drop_queued(drop_cause::overflow, "slow consumer");
      close(close_codes::policy_violation, "slow consumer",
            closed_by::slow_consumer);
      break;
    case slow_consumer_policy::drop_newest:
      break;
    case slow_consumer_policy::drop_oldest: {
      auto room = options_->send_queue_limit;
      auto target = room > frame_size ? room - frame_size : 0;
      auto behind = sender_ ? sender_->bytes() : 0;
      for (auto dropped :
           queue_.drop_oldest(target > behind ? target - behind : 0))
        observer_->on_dropped(dropped, drop_cause::overflow,
                              "dropped from a full queue");
      if (auto left = queued_bytes(); left > target)
        drop_waiting(left - target);
      if (auto left = queued_bytes(); left == 0 || left + frame_size <= room)
        return send_result::queued;
    }
  }
  return send_result::queue_full;
}

bool connection::compresses(std::size_t size) const noexcept {
  return compression_ && size >= options_->compression.minimum_size;
}

frame_ptr connection::encode(outgoing_message& message) {
  auto server = options_->self == role::server;
  if (compresses(message.size())) {
    // The same for everybody who agreed on the same, so encoded once.
    if (server && compression_->server_no_context_takeover)
      return message.compressed(compression_->server_max_window_bits,
                                options_->compression.level,
                                options_->compression.memory_level);
    return deflate(message.op(), as_bytes(message.view()));
  }
  if (server)
    return message.plain();
  auto key = next_key();
  return outgoing_frame::copy(message.op(), as_bytes(message.view()), false,
                              &*key);
}

frame_ptr connection::deflate(opcode op, std::span<const std::byte> bytes) {
  auto server = options_->self == role::server;
  auto bits = server ? compression_->server_max_window_bits
                     : compression_->client_max_window_bits;
  auto fresh = server ? compression_->server_no_context_takeover
                      : compression_->client_no_context_takeover;
  if (!deflater_)
    deflater_ =
        std::make_unique<deflater>(bits, fresh, options_->compression.level,
                                   options_->compression.memory_level);
  note_memory();
  std::vector<std::byte> out;
  deflater_->message(bytes, out);
  auto key = next_key();
  return outgoing_frame::copy(op, out, true, key ? &*key : nullptr);
}

std::optional<mask_key> connection::next_key() {
  if (options_->self == role::server)
    return std::nullopt;
  mask_key key;
  // Unpredictable to whoever chose the payload (RFC 6455 §10.3).
  RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), key.size());
  return key;
}

void connection::queue_close(close_code code, std::string_view reason) {
  std::array<std::byte, max_control_payload> payload;
  auto size = write_close_status(payload, code, reason);
  auto key = next_key();
  // Behind the data, unlike other control frames: nothing may follow it.
  queue_.push(make_control_frame(opcode::close, std::span{payload}.first(size),
                                 key ? &*key : nullptr),
              0);
  if (!write_blocked_)
    loop_.mark_dirty(*this);
}

void connection::send_control(opcode op, std::span<const std::byte> body) {
  auto key = next_key();
  queue_.push_control(make_control_frame(op, body, key ? &*key : nullptr));
  if (!write_blocked_)
    loop_.mark_dirty(*this);
}

void connection::drop_queued(drop_cause cause, std::string_view why) {
  for (auto token : queue_.drop_all())
    observer_->on_dropped(token, cause, why);
  drop_sender(cause, why);
}

void connection::on_flush() {
  if (phase_ != phase::ended && !write_blocked_)
    flush();
}

int connection::offer(std::span<iovec>& vectors, std::span<std::byte> scratch) {
  if (phase_ == phase::ended || write_blocked_ || queue_.empty()
      || queue_.bytes() > batched_write || secure())
    return -1;
  auto pieces = queue_.gather(vectors, scratch);
  std::size_t offered = 0;
  for (auto& piece : pieces)
    offered += piece.iov_len;
  if (offered < queue_.bytes())
    return -1;
  vectors = pieces;
  queue_.begin();
  return fd();
}

void connection::on_wrote(int result) {
  // What was begun when the connection ended was reported then.
  if (phase_ == phase::ended)
    return;
  auto offered = queue_.begun_bytes();
  queue_.interrupt();
  handle_write(write_outcome(result), offered);
}

void connection::flush() {
  if (queue_.empty()) {
    after_write();
    return;
  }
  if (auto bytes = queue_.alone(); !wire_ && !bytes.empty()) {
    auto count = plain_write(socket_.get(), bytes);
    if (count == static_cast<long>(bytes.size())) {
      written_alone();
      if (queue_.bytes() != noted_bytes_)
        note_queue();
      after_write();
    } else {
      handle_write(write_outcome(count), bytes.size());
    }
    return;
  }
  std::array<iovec, pieces_per_write> vectors;
  auto pieces = queue_.gather(vectors, loop_.write_scratch());
  std::size_t offered = 0;
  for (auto& piece : pieces)
    offered += piece.iov_len;
  handle_write(wire_ ? wire_->write(pieces)
                     : write_outcome(plain_write(socket_.get(), pieces)),
               offered);
}

void connection::handle_write(const wire_result& result, std::size_t offered) {
  switch (result.what) {
    case wire_result::status::ok:
      written(result.bytes, result.held);
      if (phase_ == phase::ended)
        return;
      if (result.bytes < offered)
        write_blocked_ = true;
      else if (!queue_.empty())
        loop_.mark_dirty(*this);
      break;
    case wire_result::status::would_block:
      write_blocked_ = true;
      if (result.held > 0)
        queue_.begin(result.held);
      break;
    default:
      lose(result.error.message());
      return;
  }
  // Mostly nothing waits, before and after: not worth a call.
  if (queue_.bytes() != noted_bytes_)
    note_queue();
  after_write();
}

void connection::after_write() {
  if (queue_.empty() && phase_ == phase::finishing) {
    if (!linger_) {
      finish();
      return;
    }
    if (!write_shut_) {
      write_shut_ = true;
      if (wire_)
        wire_->shutdown_write();
      else
        ::shutdown(socket_.get(), SHUT_WR);
    }
  }
  if (phase_ == phase::ended)
    return;
  if (sender_)
    pump_large();
  if (!paused_ && !throttled_ && leftover_)
    take_leftover();
  if (phase_ != phase::ended)
    update_interest();
}

void connection::written_alone() {
  auto before = stats_.messages_sent;
  auto token = queue_.advance_alone(stats_.messages_sent);
  loop_.traffic().messages_sent.add(stats_.messages_sent - before);
  if (token != 0)
    observer_->on_written(token);
}

/// @param held what the wire has taken of the rest: whoever is told may send,
///        and a full queue then drops nothing of it.
void connection::written(std::size_t bytes, std::size_t held) {
  if (bytes == queue_.bytes() && queue_.single()) {
    written_alone();
    return;
  }
  auto done = loop_.borrow_tokens();
  auto count = queue_.advance(bytes, done);
  if (held > 0)
    queue_.begin(held);
  stats_.messages_sent += count;
  loop_.traffic().messages_sent.add(count);
  for (auto token : done)
    observer_->on_written(token);
  loop_.return_tokens(std::move(done));
}

} // namespace switchboard::net
