#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include <caf/all.hpp>

#include <switchboard/payload.hpp>

#include "actors/bound_actor.hpp"
#include "net/large_sender.hpp"
#include "net/send_queue.hpp"
#include "net/timer.hpp"

namespace switchboard::actors {

/// A message on its way through an outbound socket.
struct outbound_send {
  net::send_token token = 0;
  payload content;
  reply answer;
  /// Set where `on_sent` is to be called with `id`.
  caf::strong_actor_ptr handler;
  std::uint64_t id = 0;
  /// Whether it outlives its connection and waits for the next one.
  bool waits = true;
  /// Until when it waits; unset: as long as the socket is kept.
  std::optional<net::clock::time_point> deadline;
  /// The turn in which it came.
  net::clock::time_point since{};
};

/// The messages of an outbound socket that were not handed to the operating
/// system yet: first those that its connection has in its queue, behind them
/// those that wait for room or for a connection. Because a frame whose last
/// byte was never written cannot have been received, all of them may be sent
/// again over the next connection, and none is sent twice.
class outbound_journal {
public:
  /// What a frame costs beyond its message, in bytes, at most.
  static constexpr std::size_t overhead = 14;

  outbound_journal() = default;

  outbound_journal(const outbound_journal&) = delete;
  outbound_journal& operator=(const outbound_journal&) = delete;

  ~outbound_journal();

  /// Whether messages wait that the connection was not given.
  bool waiting() const noexcept {
    return given_ < entries_.size();
  }

  /// Bytes of the messages that wait; the thread's memory account has them.
  std::size_t waiting_bytes() const noexcept {
    return waiting_bytes_;
  }

  bool empty() const noexcept {
    return entries_.empty();
  }

  /// Adds a message that the connection has taken.
  /// @pre none waits
  /// @param what with a token above all before it.
  void add_given(outbound_send&& what);

  /// Adds a message behind all others.
  /// @param what with a token above all before it.
  void add_waiting(outbound_send&& what);

  /// The first message that waits.
  /// @pre one does
  outbound_send& first_waiting() noexcept {
    return entries_[given_];
  }

  /// The connection has taken the first that waits.
  void give_first() noexcept;

  /// Takes the first that waits out.
  outbound_send take_first_waiting();

  /// Takes a message out that the connection was given.
  std::optional<outbound_send> take_given(net::send_token token);

  /// The connection is gone: all that it was given waits again.
  void rewind() noexcept;

  /// Takes every waiting message out that `which` says.
  std::deque<outbound_send>
  take_waiting(const std::function<bool(const outbound_send&)>& which);

  /// Takes all.
  std::deque<outbound_send> take_all() noexcept;

  /// The earliest deadline of those that wait.
  std::optional<net::clock::time_point> next_deadline() const noexcept;

  /// What a message counts for in a queue, in bytes: as much of it as may be
  /// in memory, and its frame.
  static std::size_t cost(const payload& content) noexcept {
    return overhead
           + (content.large() ? net::large_sender::fragment_size
                              : content.size());
  }

private:
  static std::size_t cost(const outbound_send& what) noexcept {
    return cost(what.content);
  }

  /// @param bytes a difference; a negative one wraps around.
  void count_waiting(std::size_t bytes) noexcept;

  std::deque<outbound_send> entries_;
  /// How many of them the connection has.
  std::size_t given_ = 0;
  std::size_t waiting_bytes_ = 0;
};

} // namespace switchboard::actors
