#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/uio.h>

#include <switchboard/options.hpp>

#include "net/counter.hpp"
#include "net/loop_door.hpp"
#include "net/timer.hpp"
#include "net/unique_fd.hpp"
#include "net/write_scratch.hpp"

namespace switchboard::net {

class call_batch;

/// What a loop owns until the end of a turn after it was done with.
class disposable {
public:
  virtual ~disposable() = default;
};

/// Someone with a descriptor in a loop. Must reach its end through
/// `loop::dispose`, because events of the same turn may still name it.
class io_handler : public disposable {
public:
  /// @param events of epoll.
  virtual void on_io(std::uint32_t events) = 0;

  /// Asked when input is ready, before any handler of the batch is called.
  /// @returns the socket that the loop may receive from on the handler's
  ///          behalf; -1: `on_io` reads.
  virtual int receives_from() const noexcept {
    return -1;
  }

  /// Follows `receives_from` in place of `on_io`, perhaps after handlers
  /// that changed this one's mind.
  /// @param slice whole; its content lasts until the call returns.
  /// @param result bytes received, 0 for the end, or a negative errno.
  virtual void on_received(std::span<std::byte> slice, int result) {
    static_cast<void>(slice);
    static_cast<void>(result);
  }
};

/// Someone with output that waits for the end of the turn.
class flushable {
public:
  virtual void on_flush() = 0;

  /// Offers all of the output to a write that the loop makes together with
  /// others. What it points to stays until `on_wrote`.
  /// @param vectors receives the pieces; shortened to those used.
  /// @param scratch lasts as long as the pieces.
  /// @returns the socket, or -1: `on_flush` writes.
  virtual int offer(std::span<iovec>& vectors, std::span<std::byte> scratch) {
    static_cast<void>(vectors);
    static_cast<void>(scratch);
    return -1;
  }

  /// Follows `offer` in place of `on_flush`, perhaps after others that
  /// changed this one's output or ended it.
  /// @param result bytes written or a negative errno.
  virtual void on_wrote(int result) {
    static_cast<void>(result);
  }

protected:
  virtual ~flushable() = default;

private:
  friend class loop;
  bool dirty_ = false;
};

/// What else happens in each turn of a loop.
class turn_hook {
public:
  /// After the turn's input, before its output: the messages that came from
  /// other threads and from the turn itself.
  /// @returns whether there is more to do without waiting.
  virtual bool on_turn() = 0;

  /// After the turn's output.
  /// @returns whether that has made more to do.
  virtual bool on_flushed() = 0;

protected:
  ~turn_hook() = default;
};

/// An event loop on epoll, level-triggered; one a shard. A turn: wait, input
/// and timers, the hook, output. With io_uring, the reads of a turn and its
/// writes are batches of calls. All of it belongs to the thread that calls
/// `run`, except `wake` and `stop`.
class loop {
public:
  /// Fails with std::system_error where the process has no descriptors left
  /// or `how` is `io_uring` and the kernel refuses it.
  explicit loop(io_method how = io_method::epoll);
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// Turns until `stop`; may be called again after it.
  void run(turn_hook& hook);

  /// Ends `run` after the turn at hand. Any thread.
  void stop() noexcept;

  /// Makes the loop take a turn soon. Any thread; a system call only where
  /// none is under way already.
  void wake() noexcept;

  /// For threads that may outlive it. Any thread.
  const std::shared_ptr<loop_door>& door() const noexcept {
    return door_;
  }

  // -- the loop's own thread
  // ----------------------------------------------------

  /// @returns false where the kernel has no room for another descriptor.
  bool add(int fd, io_handler& handler, std::uint32_t events) noexcept;
  void modify(int fd, io_handler& handler, std::uint32_t events) noexcept;
  void remove(int fd) noexcept;

  /// Calls `on_flush` at the end of this turn, once.
  void mark_dirty(flushable& what);

  /// Forgets a mark: before something marked goes away early.
  void unmark(flushable& what) noexcept;

  void arm(timer& what, clock::time_point deadline) {
    timers_.arm(what, deadline);
  }

  void disarm(timer& what) noexcept {
    timers_.disarm(what);
  }

  /// Destroys something at the end of this turn.
  void dispose(std::unique_ptr<disposable> what);

  /// What the connections of this loop count. Written by its own thread, read
  /// by any.
  traffic_counters& traffic() noexcept {
    return traffic_;
  }

  const traffic_counters& traffic() const noexcept {
    return traffic_;
  }

  /// The longest turn since the last call: how long something may have had
  /// to wait.
  std::chrono::nanoseconds take_longest_turn() noexcept {
    return std::exchange(longest_turn_, {});
  }

  /// `epoll` or `io_uring`, whichever it came to.
  io_method method() const noexcept {
    return batch_ ? io_method::io_uring : io_method::epoll;
  }

  /// The time of this turn.
  clock::time_point now() const noexcept {
    return now_;
  }

  /// Where reads of this turn go; its content lasts until the next read.
  std::span<std::byte> read_buffer() noexcept {
    return {buffer_.get(), buffer_size};
  }

  /// Where small writes are gathered.
  net::write_scratch& write_scratch() noexcept {
    return scratch_;
  }

  /// An empty list whose memory is used again: for the tokens of a write.
  std::vector<std::uint64_t> borrow_tokens() noexcept {
    return std::exchange(tokens_, {});
  }

  void return_tokens(std::vector<std::uint64_t>&& list) noexcept {
    list.clear();
    tokens_ = std::move(list);
  }

private:
  static constexpr std::size_t buffer_size = 64 * 1024;

  void wait(bool poll_only);
  void dispatch(const epoll_event& event);
  void dispatch_batch(std::span<const epoll_event> events);
  void flush();
  void flush_batch(std::span<flushable*> chunk);

  unique_fd epoll_;
  unique_fd event_;
  std::shared_ptr<loop_door> door_ = std::make_shared<loop_door>(*this);
  std::atomic<bool> woken_{false};
  std::atomic<bool> stopped_{false};
  clock::time_point now_ = clock::now();
  std::chrono::nanoseconds longest_turn_{0};
  timer_heap timers_;
  std::vector<flushable*> dirty_;
  std::vector<flushable*> flushing_;
  std::vector<std::unique_ptr<disposable>> graveyard_;
  std::vector<std::uint64_t> tokens_;
  std::unique_ptr<std::byte[]> buffer_;
  net::write_scratch scratch_;
  /// Null: every handler makes its own calls.
  std::unique_ptr<call_batch> batch_;
  traffic_counters traffic_;
};

} // namespace switchboard::net
