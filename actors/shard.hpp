#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include <caf/all.hpp>

#include "actors/bound_actor.hpp"
#include "actors/counters.hpp"
#include "net/loop.hpp"

namespace switchboard::actors {

class shard_taps;

/// What a shard does at the end of each turn besides its own work.
class turn_listener {
public:
  virtual void on_flushed() = 0;

protected:
  ~turn_listener() = default;
};

/// One thread with one event loop and the actors that live on it.
class shard final : public std::enable_shared_from_this<shard>,
                    private net::turn_hook,
                    private net::timer {
public:
  /// Fails with std::system_error where the process has no descriptors left
  /// or `io` is `io_uring` and the kernel refuses it.
  shard(caf::actor_system& system, std::size_t index,
        io_method io = io_method::epoll);

  ~shard();

  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  void start();

  /// Ends the thread after the turn at hand. Messages that come later are
  /// refused.
  void join();

  /// Queues a message for an actor of this shard. Any thread.
  void post(bound_actor& to, caf::mailbox_element_ptr what);

  /// For `caf::actor_config`: actors with this unit run on the shard.
  caf::execution_unit* pinning_unit() noexcept {
    return &pinning_unit_;
  }

  net::loop& loop() noexcept {
    return loop_;
  }

  caf::actor_system& system() const noexcept {
    return system_;
  }

  std::size_t index() const noexcept {
    return index_;
  }

  bool on_thread() const noexcept;

  /// Written by the shard's thread, read by any.
  shard_counters& counters() noexcept {
    return counters_;
  }

  /// Adds what this shard has counted.
  void collect(switchboard_statistics& to) const;

  /// @param what called after each turn's output; one at most.
  void set_turn_listener(turn_listener* what) noexcept {
    turn_listener_ = what;
  }

  /// Who wants to know what this shard's sockets do; null: nobody, and a
  /// message costs no more than this look.
  shard_taps* taps() const noexcept {
    return taps_;
  }

  void set_taps(shard_taps* what) noexcept {
    taps_ = what;
  }

  /// The text of the message that a handler of this thread is called with:
  /// it was found to be UTF-8 and need not be looked at again.
  std::string_view checked_text;

private:
  /// Queues event-based actors here, whoever wakes them.
  class pinning final : public caf::execution_unit {
  public:
    pinning(caf::actor_system& system, shard& home)
        : caf::execution_unit(&system), home_(home) {}

    void exec_later(caf::resumable* what) override {
      home_.post(what);
    }

  private:
    shard& home_;
  };

  /// What actors that run here see as their unit: those that they wake run
  /// where they belong, on CAF's scheduler or on their own shard.
  class forwarding final : public caf::execution_unit {
  public:
    explicit forwarding(caf::actor_system& system)
        : caf::execution_unit(&system) {}

    void exec_later(caf::resumable* what) override;
  };

  struct job {
    caf::strong_actor_ptr to;
    caf::mailbox_element_ptr what;
    caf::resumable* resume = nullptr;
  };

  bool on_turn() override;
  bool on_flushed() override;

  /// The heartbeat: notes how late it is.
  void on_timer() override;
  void beat_later();

  void post(caf::resumable* what);
  void push(job&& what);
  void work(job& what);
  static void refuse(job& what);
  void run();

  /// Beside `checked_text`, which messages look at, too.
  shard_taps* taps_ = nullptr;
  caf::actor_system& system_;
  std::size_t index_;
  net::loop loop_;
  pinning pinning_unit_;
  forwarding forwarding_unit_;
  turn_listener* turn_listener_ = nullptr;
  /// Jobs of this thread itself.
  std::vector<job> own_;
  std::mutex mutex_;
  /// Jobs of other threads; guarded by `mutex_`, like `closed_`.
  std::vector<job> inbox_;
  bool closed_ = false;
  std::vector<job> working_;
  shard_counters counters_;
  /// The longest waits of the last seconds, one a heartbeat.
  std::array<std::chrono::nanoseconds, 15> waits_{};
  net::clock::time_point beat_due_;
  std::thread thread_;
};

/// Creates an actor of a shard.
/// @returns its handle; `T` keeps itself alive no longer than its handles.
template <class T, class... Ts>
caf::strong_actor_ptr make_bound(shard& home, Ts&&... xs) {
  auto& system = home.system();
  caf::actor_config config;
  auto handle = caf::make_actor<T, caf::strong_actor_ptr>(
      system.next_actor_id(), system.node(), &system, config, home,
      std::forward<Ts>(xs)...);
  static_cast<T*>(handle->get())->launch();
  return handle;
}

} // namespace switchboard::actors
