#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <caf/all.hpp>
#include <caf/meta/type_name.hpp>

#include <switchboard/attributes.hpp>
#include <switchboard/socket_filter.hpp>

// Looking at what sockets do, while they do it.

namespace switchboard {

/// How many taps there may be at once.
inline constexpr std::size_t max_taps = 16;

/// The smallest fraction of messages that a tap may ask for.
inline constexpr double min_tap_sample = 0.000001;

/// The most events a second, and the most bytes of a payload, that a tap may
/// ask for.
inline constexpr std::uint32_t max_tap_rate = 10'000;
inline constexpr std::uint32_t max_tap_payload = 64 * 1024;

/// What a tap tells of a socket.
enum class tap_event_kind : std::uint8_t {
  /// It is there; before its first message.
  opened,
  /// A message came from the peer.
  message,
  /// A message was taken for the peer: it is in the queue of the connection.
  sent,
  /// It is gone for good. Before the closed event, which waits for handlers.
  closed,
  /// An outbound socket has lost its connection, which is to be replaced.
  reconnecting,
  /// It goes on over another connection.
  reopened,
};

constexpr std::string_view name_of(tap_event_kind kind) noexcept {
  switch (kind) {
    case tap_event_kind::opened:
      return "opened";
    case tap_event_kind::message:
      return "message";
    case tap_event_kind::sent:
      return "sent";
    case tap_event_kind::closed:
      return "closed";
    case tap_event_kind::reconnecting:
      return "reconnecting";
    default:
      return "reopened";
  }
}

/// Has an actor told what sockets do: `tap_events`, then perhaps one
/// `tap_end`. Answered once nothing is missed any more. The tap ends with the
/// actor. Fails with INVALID_ARGUMENT, with NO_SUCH_SOCKET for a socket that
/// is not there, with TOO_MANY_REQUESTS beyond `max_taps`, with CONNECTIVITY
/// while the switchboard stops.
struct tap_request {
  /// A `tap_handler`.
  caf::strong_actor_ptr target;
  /// Only of this socket: then the tap ends with the socket. Empty: of all.
  std::string socket_id;
  socket_filter which;
  /// The fraction of messages, in both directions, that is told of:
  /// `min_tap_sample` to 1. Other events are not sampled.
  double sample = 1;
  /// The most events a second of all shards together, 1 to `max_tap_rate`; a
  /// second's worth of them may come at once.
  std::uint32_t rate = 100;
  /// How much of each message is told, in bytes, at most `max_tap_payload`.
  std::uint32_t payload_limit = 0;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, tap_request& x) {
    return f(caf::meta::type_name("tap_request"), x.target, x.socket_id,
             x.which, x.sample, x.rate, x.payload_limit);
  }
};

struct tap_event {
  tap_event_kind kind = tap_event_kind::message;
  caf::timestamp time;
  socket_attributes attributes;
  /// Of a message, in bytes, without compression.
  std::uint64_t size = 0;
  bool binary = false;
  /// The beginning of a message. Text may be cut inside a character. Of one
  /// that lies in a file there is none.
  std::string payload;
  /// How it has ended (closed); how its connection has (reconnecting).
  close_outcome outcome;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, tap_event& x) {
    return f(caf::meta::type_name("tap_event"), x.kind, x.time, x.attributes,
             x.size, x.binary, x.payload, x.outcome);
  }
};

/// How many events a tap was not told.
struct tap_losses {
  /// Messages that were not drawn.
  std::uint64_t not_sampled = 0;
  /// Beyond the rate.
  std::uint64_t over_rate = 0;
  /// The target was too slow.
  std::uint64_t overflowed = 0;

  bool any() const noexcept {
    return not_sampled + over_rate + overflowed != 0;
  }

  tap_losses& operator+=(const tap_losses& more) noexcept {
    not_sampled += more.not_sampled;
    over_rate += more.over_rate;
    overflowed += more.overflowed;
    return *this;
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, tap_losses& x) {
    return f(caf::meta::type_name("tap_losses"), x.not_sampled, x.over_rate,
             x.overflowed);
  }
};

/// What the sockets of one shard did. The shard sends the next one when this
/// one is answered: until then it keeps a bounded number and counts the rest.
/// An error ends the tap on this shard.
struct tap_events {
  /// In order; may be empty where only losses are to be told.
  std::vector<tap_event> events;
  /// Since the last of this shard; told at least every second.
  tap_losses left_out;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, tap_events& x) {
    return f(caf::meta::type_name("tap_events"), x.events, x.left_out);
  }
};

/// Nothing more comes: the socket is gone, or the switchboard stops.
struct tap_end {
  std::string reason;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, tap_end& x) {
    return f(caf::meta::type_name("tap_end"), x.reason);
  }
};

} // namespace switchboard
