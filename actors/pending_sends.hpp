#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <caf/all.hpp>

#include <switchboard/pinned_handler.hpp>

#include "actors/bound_actor.hpp"
#include "actors/delivery_watch.hpp"
#include "net/fifo.hpp"
#include "net/send_queue.hpp"
#include "net/timer.hpp"

namespace switchboard::actors {

/// Who waits for one queued message: a request, a handler of the shard, or a
/// broadcast.
struct pending_send {
  net::send_token token = 0;
  /// Null where a handler waits.
  std::unique_ptr<reply> answer;
  /// Set where `on_sent` is to be called with `id`.
  caf::strong_actor_ptr handler;
  std::uint64_t id = 0;
  /// The turn in which it was queued.
  net::clock::time_point since{};
  /// Who waits instead, where it is one of many; null: nobody.
  std::shared_ptr<delivery_watch> watch = nullptr;

  /// Tells a handler, unless it has ended.
  void tell_handler(const caf::error& problem) const;
};

/// The queued messages of one socket that somebody waits for, oldest first.
class pending_sends {
public:
  /// @param what with a token above all before it.
  void push(pending_send&& what);

  /// Takes one out; the oldest costs least.
  std::optional<pending_send> take(net::send_token token);

private:
  net::fifo<pending_send> list_;
};

} // namespace switchboard::actors
