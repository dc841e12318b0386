#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/tap.hpp>

#include "actors/tap_messages.hpp"
#include "actors/tap_sampler.hpp"
#include "net/timer.hpp"

namespace switchboard::actors {

class bound_actor;
class shard;
class socket;

/// A message as a tap sees it.
struct tapped_content {
  /// What is at hand of it, from its beginning.
  std::string_view bytes;
  std::uint64_t size = 0;
  bool binary = false;
};

/// What waits for one target on one shard, at most.
inline constexpr std::size_t max_tap_backlog = 1024;
inline constexpr std::size_t max_tap_backlog_bytes = 256 * 1024;

/// Large messages whose beginnings a shard keeps for taps, at most.
inline constexpr std::size_t max_tapped_parts = 64;

/// The taps on one shard: finds out which of them want to know what a socket
/// does and hands it on in batches, the next one when the last was answered.
/// While there are none, the shard knows of none and its sockets do not ask.
/// The shard's thread only.
class shard_taps final : private net::timer {
public:
  /// @param self in whose name targets are told.
  shard_taps(shard& home, bound_actor& self) : home_(home), self_(self) {}

  ~shard_taps() override;

  void add(std::shared_ptr<const tap_order> order);
  void remove(std::uint64_t id);

  /// Tells what waits, and forgets all taps.
  void end_all();

  /// A socket has a message.
  /// @param kind `message` or `sent`.
  void tell(socket& who, tap_event_kind kind, const tapped_content& content);

  /// Something has become of a socket.
  void tell(socket& who, tap_event_kind kind,
            const close_outcome& outcome = {});

  /// The next bytes of a large message have come.
  void part(socket& who, bool first, bool last, const tapped_content& bytes);

  /// The rest of a large message will not come.
  void drop_part(const socket& who) {
    begun_.erase(&who);
  }

  /// Sends what waits for targets that have answered; at the end of a turn.
  void flush();

  /// A target has answered.
  void answered(const caf::mailbox_element& what);

private:
  struct tap {
    std::shared_ptr<const tap_order> order;
    tap_sampler sampler;
    tap_events waiting;
    /// Of the payloads that wait.
    std::size_t waiting_bytes = 0;
    /// The request that was not answered yet; 0: none.
    std::uint64_t asked = 0;
    /// Its socket is gone.
    bool over = false;
  };

  /// A large message of which not all is here.
  struct beginning {
    std::string bytes;
    std::uint64_t size = 0;
  };

  static bool wants(const tap& what, const socket& who);
  void offer(tap& to, socket& who, tap_event& what, std::string_view content);
  void send(tap& to);
  void finish(tap& what, const char* reason);
  void tell_over(const tap_order& order);
  void forget_over();
  void forgotten();
  void note_loss();

  void on_timer() override;

  shard& home_;
  bound_actor& self_;
  std::vector<tap> taps_;
  std::unordered_map<const socket*, beginning> begun_;
  std::uint64_t last_request_ = 0;
};

} // namespace switchboard::actors
