#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchboard/close_code.hpp>
#include <switchboard/closed_by.hpp>
#include <switchboard/options.hpp>

#include "net/deflate.hpp"
#include "net/large_sender.hpp"
#include "net/inbound_rate.hpp"
#include "net/loop.hpp"
#include "net/message_reader.hpp"
#include "net/outgoing.hpp"
#include "net/send_queue.hpp"
#include "net/unique_fd.hpp"
#include "net/wire.hpp"

namespace switchboard::net {

/// What all connections of one configuration share.
struct connection_options {
  /// Longer than any connection lives.
  static constexpr std::chrono::nanoseconds no_idle_timeout =
      std::chrono::hours{24 * 365 * 100};

  role self = role::server;
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes{15};
  std::chrono::nanoseconds ping_interval = std::chrono::seconds{30};
  std::chrono::nanoseconds close_timeout = std::chrono::seconds{2};
  std::size_t max_message_size = 1024 * 1024;
  std::size_t send_queue_limit = 1024 * 1024;
  slow_consumer_policy slow_consumer = slow_consumer_policy::close;
  compression_options compression;
  rate_limit_options rate;
};

/// How a connection ended; see `switchboard::close_outcome`.
struct connection_end {
  close_code code = close_codes::abnormal;
  std::string reason;
  bool clean = false;
  closed_by by = closed_by::lost;
};

class connection;

/// Why a queued message will not be written.
enum class drop_cause : std::uint8_t {
  /// The queue was full.
  overflow,
  /// The connection is closing or lost.
  ended,
};

/// Whoever uses a connection. Called on the loop's thread; may call the
/// connection back.
class connection_observer {
public:
  /// A whole message; the bytes are valid during the call.
  /// @returns whether the connection may go on reading; if not, `resume`
  ///          makes it.
  virtual bool on_message(opcode op, std::span<const std::byte> content) = 0;

  /// The next bytes of a large message, after `deliver_parts`; see
  /// `message_sink::on_part`. What is closed before its last part is never
  /// complete.
  /// @returns as `on_message`.
  virtual bool on_part(opcode op, std::span<const std::byte> bytes,
                       part_place place) {
    static_cast<void>(op);
    static_cast<void>(bytes);
    static_cast<void>(place);
    return true;
  }

  /// A message with a token was handed to the operating system.
  virtual void on_written(send_token token) = 0;

  /// A message with a token never will be.
  /// @param why one of a few fixed sentences.
  virtual void on_dropped(send_token token, drop_cause cause,
                          std::string_view why) = 0;

  /// The connection takes and sends no more messages: a closing handshake has
  /// begun. Not called where the connection is lost instead.
  virtual void on_closing() {}

  /// TCP is gone. The last call; the observer disposes of the connection
  /// through the loop.
  virtual void on_end(connection_end&& end) = 0;

protected:
  ~connection_observer() = default;
};

/// One WebSocket after its handshake (RFC 6455 §5 to §7): reads, writes,
/// deadlines, the closing handshake. Lives on its loop's thread and is
/// destroyed through `loop::dispose`.
class connection final : public io_handler,
                         private flushable,
                         private message_sink,
                         private large_sender::receiver,
                         private timer,
                         private rate_waiter {
public:
  enum class send_result : std::uint8_t {
    queued,
    /// The queue is full and the frame was refused; where the policy says
    /// so, the connection is closing now.
    queue_full,
    /// Closing or lost.
    not_open,
  };

  struct statistics {
    std::uint64_t messages_received = 0;
    std::uint64_t messages_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    /// The most bytes that were queued.
    std::uint64_t peak_queued_bytes = 0;
  };

  connection(loop& home, std::unique_ptr<wire> stream,
             std::shared_ptr<const connection_options> options,
             const std::optional<deflate_agreement>& compression);

  ~connection() override;

  /// Registers with the loop and takes what came behind the handshake.
  /// @param received bytes of the peer that were read already.
  /// @param paused whether reading waits for the first `resume`.
  void start(connection_observer& observer, std::span<const std::byte> received,
             bool paused);

  /// Delivers large messages by `connection_observer::on_part`.
  /// @param size see `message_reader::deliver_parts`.
  void deliver_parts(std::uint32_t size) noexcept {
    reader_.deliver_parts(size);
  }

  /// Queues a message. A large one goes out in fragments, and messages after
  /// it wait until it has; what then is still unwritten when the socket is
  /// closed is dropped.
  /// @param token where not 0, exactly one of `on_written` and `on_dropped`
  ///        follows a `queued`.
  send_result send(outgoing_message& message, send_token token = 0);

  /// Queues a message of bytes that the caller keeps; they are copied.
  /// @param op text or binary.
  send_result send(opcode op, std::span<const std::byte> bytes,
                   send_token token = 0);

  /// Starts the closing handshake behind what is queued. No effect while
  /// one is under way.
  /// @param by who wants it.
  void close(close_code code, std::string_view reason,
             closed_by by = closed_by::operation);

  /// Ends at once; the observer is told at the end of the turn.
  void abort(std::string reason, closed_by by = closed_by::lost);

  /// Lets go of all it holds and closes with 1013: memory has run out.
  void shed();

  /// Reads on after an `on_message` that said stop. Delivers what is at hand
  /// before it returns.
  void resume();

  bool open() const noexcept {
    return phase_ == phase::open;
  }

  /// Whether compression was agreed on.
  bool compressing() const noexcept {
    return compression_.has_value();
  }

  std::size_t queued_bytes() const noexcept {
    return queue_.bytes() + (sender_ ? sender_->bytes() : 0);
  }

  /// Bytes that `shed` would let go of: what waits for the peer, and what came
  /// from it and was not handed on yet.
  std::size_t shed_bytes() const noexcept {
    return queued_bytes() + buffered_bytes();
  }

  const statistics& stats() const noexcept {
    return stats_;
  }

private:
  enum class phase : std::uint8_t {
    open,
    /// Our close frame is queued or sent, the peer's has not come.
    closing,
    /// Nothing of what still comes matters: write out, then end.
    finishing,
    ended,
  };

  /// While this much of answers to pings waits, the peer is not read: it asks
  /// faster than it listens.
  static constexpr std::size_t control_backlog = 64 * 1024;

  // io_handler, flushable, timer
  void on_io(std::uint32_t events) override;
  int receives_from() const noexcept override;
  void on_received(std::span<std::byte> slice, int result) override;
  void on_flush() override;
  int offer(std::span<iovec>& vectors, std::span<std::byte> scratch) override;
  void on_wrote(int result) override;
  void on_timer() override;

  void on_rate_recovered() override;

  // message_sink
  bool on_message(opcode op, std::span<const std::byte> payload) override;
  bool on_part(opcode op, std::span<const std::byte> bytes,
               part_place place) override;
  bool on_ping(std::span<const std::byte> payload) override;
  bool on_pong(std::span<const std::byte> payload) override;
  void on_close(const close_status& status) override;

  // large_sender::receiver
  void on_piece(std::string&& bytes, std::error_code problem) override;

  send_result send_large(const outgoing_message& message, send_token token);
  void pump_large();
  void fail_begun();
  std::size_t drop_waiting(std::size_t bytes);
  void drop_sender(drop_cause cause, std::string_view why);

  void read_some();
  void read_plain(std::span<std::byte> buffer);
  void handle_read(const wire_result& result, std::span<std::byte> buffer);
  void keep_for_later(const wire_result& result, std::span<std::byte> buffer);
  void take(std::span<std::byte> bytes);
  void keep(std::span<const std::byte> bytes);
  void take_leftover();

  bool may_read() const noexcept {
    return !paused_ && !throttled_ && !leftover_
           && queue_.control_bytes() <= control_backlog;
  }

  void flush();
  void handle_write(const wire_result& result, std::size_t offered);
  void after_write();
  void written_alone();
  void written(std::size_t bytes, std::size_t held);
  frame_ptr encode(outgoing_message& message);
  frame_ptr encode(opcode op, std::span<const std::byte> bytes);
  frame_ptr deflate(opcode op, std::span<const std::byte> bytes);
  bool compresses(std::size_t size) const noexcept;
  /// @param size of the message, in bytes.
  send_result push(frame_ptr frame, std::size_t size, send_token token);
  send_result make_way(std::size_t frame_size);
  void send_control(opcode op, std::span<const std::byte> body);
  void queue_close(close_code code, std::string_view reason);
  void fail(close_code code, std::string_view reason,
            closed_by by = closed_by::protocol_error);
  bool obey(inbound_rate::verdict what);
  void count_read(std::size_t bytes);
  void starve();
  std::size_t buffered_bytes() const noexcept;
  std::size_t base_memory() const noexcept;
  void note_memory() noexcept;
  void drop_queued(drop_cause cause, std::string_view why);
  void lose(std::string reason, closed_by by = closed_by::lost);
  void finish();
  void note_end(close_code code, std::string_view reason, bool clean,
                closed_by by);
  void note_queue() noexcept;
  void update_interest();
  void schedule();
  void schedule_end();
  void check_open_deadlines(clock::time_point now);
  std::optional<mask_key> next_key();

  int fd() const noexcept {
    return wire_ ? wire_->fd() : socket_.get();
  }

  /// Whether nobody but the wire may read and write.
  bool secure() const noexcept {
    return wire_ && wire_->secure();
  }

  loop& loop_;
  /// Null where bytes go through `socket_` as they are.
  std::unique_ptr<wire> wire_;
  std::shared_ptr<const connection_options> options_;
  connection_observer* observer_ = nullptr;
  message_reader reader_;
  send_queue queue_;
  /// Null until the first message that is compressed.
  std::unique_ptr<deflater> deflater_;
  /// Null while no large message is on its way out.
  std::unique_ptr<large_sender> sender_;
  /// Bytes read and not yet taken, while reading is paused; null: none.
  std::unique_ptr<std::vector<std::byte>> leftover_;
  /// Null until it is known.
  std::unique_ptr<connection_end> end_;
  statistics stats_;
  /// What the loop knows of the queue's bytes.
  std::uint64_t noted_bytes_ = 0;
  /// Null: the peer may send as fast as it likes.
  std::unique_ptr<inbound_rate> rate_;
  /// What the loop knows of the memory held besides frames.
  std::uint64_t noted_memory_ = 0;
  /// Last byte from the peer.
  clock::time_point heard_;
  /// Last message, ping or pong in either direction.
  clock::time_point active_;
  std::uint32_t interest_ = 0;
  /// The wire's own where there is one.
  unique_fd socket_;
  std::optional<deflate_agreement> compression_;
  phase phase_ = phase::open;
  bool paused_ = false;
  /// Whether reading waits until the peer may send again.
  bool throttled_ = false;
  bool taking_ = false;
  /// Whether buffers are among `noted_memory_`.
  bool buffers_noted_ = false;
  /// Whether the last read was too large for a batch.
  bool reads_much_ = false;
  bool ping_pending_ = false;
  bool write_blocked_ = false;
  bool write_shut_ = false;
  /// Whether TCP is to be drained until the peer's end before it is closed,
  /// so that unread input does not reset what we wrote.
  bool linger_ = false;
};

} // namespace switchboard::net
