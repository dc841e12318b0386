#include "net/connection.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <sys/epoll.h>

#include "net/call_batch.hpp"

namespace switchboard::net {

namespace {

/// Deadlines of idleness are rounded up to this, so that thousands of quiet
/// sockets wake the loop a few times a second and not a thousand.
constexpr auto coarse = std::chrono::milliseconds{50};

} // namespace

connection::connection(loop& home, std::unique_ptr<wire> stream,
                       std::shared_ptr<const connection_options> options,
                       const std::optional<deflate_agreement>& compression)
    : loop_(home),
      options_(std::move(options)),
      reader_(options_->self, options_->max_message_size, compression),
      heard_(home.now()),
      active_(home.now()),
      socket_(stream->release()),
      compression_(compression) {
  if (!socket_)
    wire_ = std::move(stream);
  if (options_->rate.messages > 0 || options_->rate.bytes > 0)
    rate_ = std::make_unique<inbound_rate>(loop_, options_->rate,
                                           static_cast<rate_waiter&>(*this));
  note_memory();
}

connection::~connection() {
  loop_.unmark(*this);
  loop_.traffic().held_bytes.add(-noted_memory_);
}

void connection::start(connection_observer& observer,
                       std::span<const std::byte> received, bool paused) {
  observer_ = &observer;
  paused_ = paused;
  keep(received);
  interest_ = EPOLLIN;
  if (!loop_.add(fd(), *this, interest_)) {
    lose("no room to watch another connection");
    return;
  }
  schedule();
  if (!paused_)
    take_leftover();
}

void connection::close(close_code code, std::string_view reason, closed_by by) {
  if (phase_ != phase::open)
    return;
  note_end(code, reason, false, by);
  phase_ = phase::closing;
  // It could take longer than any peer waits for a close frame.
  drop_sender(drop_cause::ended, "the socket was closed");
  observer_->on_closing();
  queue_close(code, reason);
  schedule_end();
  // The peer's close frame may lie behind messages that nobody will take.
  paused_ = false;
  throttled_ = false;
  take_leftover();
}

void connection::abort(std::string reason, closed_by by) {
  lose(std::move(reason), by);
}

void connection::resume() {
  if (!paused_ || phase_ == phase::ended)
    return;
  paused_ = false;
  // A peer that we did not read could not be heard.
  heard_ = loop_.now();
  take_leftover();
}

void connection::on_io(std::uint32_t events) {
  if (phase_ == phase::ended)
    return;
  if (events == EPOLLIN && may_read()) {
    read_some();
    return;
  }
  if ((events & (EPOLLERR | EPOLLHUP)) != 0 && !may_read()
      && phase_ != phase::finishing) {
    lose("connection reset by peer");
    return;
  }
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
    if (may_read() || phase_ == phase::finishing)
      read_some();
    else
      update_interest();
  }
  if ((events & EPOLLOUT) != 0 && phase_ != phase::ended) {
    write_blocked_ = false;
    flush();
  }
}

int connection::receives_from() const noexcept {
  if (reads_much_ || secure() || phase_ == phase::ended
      || (!may_read() && phase_ != phase::finishing))
    return -1;
  return fd();
}

void connection::on_received(std::span<std::byte> slice, int result) {
  if (phase_ == phase::ended)
    return;
  auto outcome = read_outcome(result);
  if (!may_read() && phase_ != phase::finishing) {
    keep_for_later(outcome, slice);
    return;
  }
  handle_read(outcome, slice);
  // More of it may have come, and then large reads are cheaper.
  reads_much_ = outcome.bytes == slice.size();
  if (reads_much_ && may_read() && phase_ == phase::open)
    read_some();
}

/// Somebody has paused the reading that was done already.
void connection::keep_for_later(const wire_result& result,
                                std::span<std::byte> buffer) {
  if (result.what == wire_result::status::failed) {
    lose(result.error.message());
    return;
  }
  // An end stays in the socket and is read again.
  heard_ = loop_.now();
  keep(buffer.first(result.bytes));
  note_memory();
  if (rate_)
    count_read(result.bytes);
  update_interest();
}

void connection::read_some() {
  auto buffer = loop_.read_buffer();
  if (!wire_) {
    read_plain(buffer);
    return;
  }
  auto result = wire_->read(buffer);
  reads_much_ = result.bytes >= call_batch::slice_size;
  handle_read(result, buffer);
}

void connection::read_plain(std::span<std::byte> buffer) {
  auto count = plain_read(socket_.get(), buffer);
  if (count <= 0) [[unlikely]] {
    reads_much_ = false;
    handle_read(read_outcome(count), buffer);
    return;
  }
  auto bytes = buffer.first(static_cast<std::size_t>(count));
  reads_much_ = bytes.size() >= call_batch::slice_size;
  heard_ = loop_.now();
  ping_pending_ = false;
  take(bytes);
  if (rate_) [[unlikely]]
    count_read(bytes.size());
}

void connection::handle_read(const wire_result& result,
                             std::span<std::byte> buffer) {
  switch (result.what) {
    case wire_result::status::ok:
      heard_ = loop_.now();
      ping_pending_ = false;
      take(buffer.first(result.bytes));
      if (rate_) [[unlikely]]
        count_read(result.bytes);
      break;
    case wire_result::status::would_block:
      break;
    case wire_result::status::end:
      if (phase_ == phase::finishing && queue_.empty())
        finish();
      else
        lose("the peer ended TCP without a close frame", closed_by::hung_up);
      break;
    case wire_result::status::failed:
      if (phase_ == phase::finishing && queue_.empty())
        finish();
      else
        lose(result.error.message());
      break;
  }
}

void connection::take(std::span<std::byte> bytes) {
  if (phase_ == phase::finishing || phase_ == phase::ended)
    return;
  taking_ = true;
  message_reader::result result;
  try {
    result = reader_.consume(bytes, *this);
  } catch (const std::bad_alloc&) {
    taking_ = false;
    starve();
    return;
  }
  taking_ = false;
  if (phase_ == phase::ended)
    return;
  if (result.failure.code != 0) {
    fail(result.failure.code, result.failure.reason);
    return;
  }
  if (phase_ != phase::finishing && result.consumed < bytes.size())
    keep(bytes.subspan(result.consumed));
  if (leftover_ || buffers_noted_ || compression_
      || reader_.buffered_bytes() != 0) [[unlikely]]
    note_memory();
  update_interest();
}

/// Puts bytes behind those that are not taken yet.
void connection::keep(std::span<const std::byte> bytes) {
  if (bytes.empty())
    return;
  if (!leftover_)
    leftover_ = std::make_unique<std::vector<std::byte>>();
  leftover_->insert(leftover_->end(), bytes.begin(), bytes.end());
}

void connection::take_leftover() {
  if (taking_)
    return;
  while (leftover_ && !paused_ && !throttled_ && phase_ != phase::finishing
         && phase_ != phase::ended
         && queue_.control_bytes() <= control_backlog) {
    auto bytes = std::move(leftover_);
    take(*bytes);
    // Nothing taken and not paused: a partial header is kept by the reader,
    // so that this ends.
  }
  if (phase_ != phase::ended)
    update_interest();
}

bool connection::on_message(opcode op, std::span<const std::byte> payload) {
  if (phase_ != phase::open)
    return true;
  if (rate_ && !obey(rate_->take_message())) [[unlikely]]
    return true;
  active_ = loop_.now();
  ++stats_.messages_received;
  stats_.bytes_received += payload.size();
  auto& traffic = loop_.traffic();
  traffic.messages_received.add();
  traffic.bytes_received.add(payload.size());
  if (!observer_->on_message(op, payload) && phase_ == phase::open)
    paused_ = true;
  return !paused_ && !throttled_;
}

bool connection::on_ping(std::span<const std::byte> payload) {
  active_ = loop_.now();
  // What is answered costs as much as a message.
  if (phase_ == phase::open && (!rate_ || obey(rate_->take_message())))
    send_control(opcode::pong, payload);
  return !throttled_ && queue_.control_bytes() <= control_backlog;
}

bool connection::on_pong(std::span<const std::byte>) {
  active_ = loop_.now();
  return true;
}

void connection::on_close(const close_status& status) {
  if (phase_ == phase::closing) {
    end_->clean = true;
  } else {
    drop_queued(drop_cause::ended, "the peer closed the socket");
    note_end(status.code, status.reason, true, closed_by::peer);
    queue_close(status.code, status.reason);
    observer_->on_closing();
  }
  phase_ = phase::finishing;
  schedule_end();
  loop_.mark_dirty(*this);
}

void connection::fail(close_code code, std::string_view reason, closed_by by) {
  auto was_open = phase_ == phase::open;
  phase_ = phase::finishing;
  linger_ = true;
  leftover_.reset();
  if (was_open) {
    drop_queued(drop_cause::ended,
                "the socket was closed for a violation of the protocol");
    note_end(code, reason, false, by);
    queue_close(code, reason);
    if (code == close_codes::message_too_large)
      loop_.traffic().oversized.add();
    observer_->on_closing();
  }
  schedule_end();
  loop_.mark_dirty(*this);
  update_interest();
}

void connection::lose(std::string reason, closed_by by) {
  if (phase_ == phase::ended)
    return;
  note_end(close_codes::abnormal, reason, false, by);
  finish();
}

void connection::note_end(close_code code, std::string_view reason, bool clean,
                          closed_by by) {
  if (!end_)
    end_ = std::make_unique<connection_end>(
        connection_end{code, std::string{reason}, clean, by});
}

void connection::finish() {
  phase_ = phase::ended;
  loop_.disarm(*this);
  loop_.remove(fd());
  drop_queued(drop_cause::ended, "the connection was lost");
  // A frame that was begun is lost as well.
  std::vector<send_token> begun;
  queue_.advance(queue_.bytes(), begun);
  for (auto token : begun)
    observer_->on_dropped(token, drop_cause::ended, "the connection was lost");
  note_queue();
  note_end(close_codes::abnormal, {}, false, closed_by::lost);
  observer_->on_end(std::move(*end_));
}

void connection::update_interest() {
  std::uint32_t wanted = 0;
  // While finishing, what arrives is read and thrown away, so that unread
  // input does not turn our close frame into a reset.
  if (may_read() || phase_ == phase::finishing)
    wanted |= EPOLLIN;
  if (write_blocked_)
    wanted |= EPOLLOUT;
  if (wanted == interest_)
    return;
  interest_ = wanted;
  loop_.modify(fd(), *this, wanted);
}

void connection::schedule() {
  auto next = active_ + options_->idle_timeout;
  if (options_->ping_interval.count() > 0) {
    auto intervals = ping_pending_ ? 2 : 1;
    next = std::min(next, heard_ + intervals * options_->ping_interval);
  }
  next = std::max(next, loop_.now() + std::chrono::milliseconds{1});
  auto ticks = (next.time_since_epoch() + coarse - clock::duration{1}) / coarse;
  // Short intervals keep their precision.
  if (next - loop_.now() > 20 * coarse)
    next = clock::time_point{ticks * coarse};
  loop_.arm(*this, next);
}

/// The closing handshake's deadline takes the place of all others.
void connection::schedule_end() {
  loop_.arm(*this, loop_.now() + options_->close_timeout);
}

void connection::on_timer() {
  if (phase_ == phase::open) {
    check_open_deadlines(loop_.now());
    return;
  }
  // The closing handshake's deadline.
  if (phase_ != phase::ended)
    finish();
}

void connection::check_open_deadlines(clock::time_point now) {
  // What the peer says meanwhile lies in the kernel: it is not idle, we are.
  auto unread = paused_ || throttled_;
  if (unread)
    active_ = now;
  if (now - active_ >= options_->idle_timeout) {
    close(close_codes::endpoint_going_down, "idle timeout", closed_by::timeout);
    return;
  }
  auto interval = options_->ping_interval;
  if (interval.count() > 0) {
    if (unread)
      heard_ = now;
    auto silence = now - heard_;
    if (silence < interval) {
      ping_pending_ = false;
    } else if (!ping_pending_) {
      ping_pending_ = true;
      active_ = now;
      send_control(opcode::ping, {});
    } else if (silence >= 2 * interval) {
      lose("no answer to a ping", closed_by::timeout);
      return;
    }
  }
  schedule();
}

} // namespace switchboard::net
