#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <caf/all.hpp>

#include <switchboard/attributes.hpp>
#include <switchboard/payload.hpp>
#include <switchboard/pinned.hpp>

namespace switchboard {

/// A message as it lies in the shard's read buffer; valid during the call.
struct message_view {
  std::string_view bytes;
  bool binary = false;
};

/// What became of a message given to a `local_socket`.
enum class send_outcome : std::uint8_t {
  queued,
  /// The send queue is full; `slow_consumer` says what follows.
  queue_full,
  /// The socket is closing or lost.
  not_open,
  /// Text that is not UTF-8.
  not_text,
};

class pinned_handler;

/// A socket as code on its own shard's thread sees it. Valid during the call
/// that hands it out, and as long as its `handle` is kept.
class local_socket {
public:
  /// Queues a copy of the bytes.
  virtual send_outcome send(message_view content) = 0;

  /// Queues a message and shares its bytes.
  virtual send_outcome send(const payload& content) = 0;

  /// As above; once a `queued` message was handed to the operating system or
  /// is lost, `who.on_sent` is called with `id`.
  virtual send_outcome send(const payload& content, pinned_handler& who,
                            std::uint64_t id) = 0;

  /// Starts the closing handshake. A code or reason that cannot be sent, and
  /// a second call, have no effect.
  virtual void close(close_code code, std::string_view reason) = 0;

  /// What is known of it; copies share.
  virtual socket_attributes attributes() = 0;

  /// The socket's actor, a `socket_actor`.
  virtual caf::strong_actor_ptr handle() = 0;

  /// Tells that a message which `on_message` kept is done with: the socket is
  /// read on where it owed its whole credit.
  virtual void done() = 0;

  /// Reads on after a `message_parts::add` that said stop.
  virtual void read_on() {}

protected:
  ~local_socket() = default;
};

/// Takes one large message of a socket, part by part, on the shard's thread.
/// Destroyed before `finish` where the message will never be complete. May
/// throw as `pinned_handler::on_message`.
class message_parts {
public:
  virtual ~message_parts() = default;

  /// The next bytes; text may be cut inside a character.
  /// @returns whether more may come at once; if not, `local_socket::read_on`
  ///          lets them. A few may come all the same.
  virtual bool add(std::string_view bytes) = 0;

  /// The message is complete; the last call.
  /// @returns as `pinned_handler::on_message`.
  virtual bool finish() = 0;
};

/// A pinned actor that gets the messages of its own shard's sockets by a call
/// instead of a `message_event`: no mailbox, no copy, no memory. Make one for
/// each shard with `instance::spawn_pinned` and name all of them, by shard, in
/// one `subscribe_source_request`; connection and closed events come as
/// messages as for any actor.
class pinned_handler : public pinned<caf::event_based_actor> {
public:
  using pinned::pinned;

  /// A socket of this shard has a message. Must not block. What it throws
  /// ends the actor, and its sockets close with 1011.
  /// @returns whether the message is done with. If not, it counts against the
  ///          source's credit until `local_socket::done`.
  virtual bool on_message(local_socket& from, message_view content) = 0;

  /// From how many bytes on messages that are not complete yet come in parts;
  /// 0: never. Asked once a connection.
  virtual std::uint32_t part_size() const noexcept {
    return 0;
  }

  /// A socket of this shard has begun a large message. What it throws ends the
  /// actor.
  /// @returns who takes it, and counts against the source's credit until its
  ///          end; null: nobody, it is dropped.
  virtual std::unique_ptr<message_parts> on_parts(local_socket& from,
                                                  bool binary);

  /// A message that was sent with an id is written, or will never be.
  /// @param problem CONNECTIVITY where it is lost, else empty. What it throws
  ///        ends the actor.
  virtual void on_sent(std::uint64_t id, const caf::error& problem);

  /// Whether it takes no more calls: it has ended, or is about to.
  bool deaf() const noexcept {
    return failed_ || getf(is_terminated_flag | is_shutting_down_flag);
  }

  /// A call has thrown: ends the actor.
  void fail();

private:
  bool failed_ = false;
};

} // namespace switchboard
