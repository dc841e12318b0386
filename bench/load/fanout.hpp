#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "bench/load/fleet.hpp"
#include "bench/load/slice.hpp"

namespace switchboard::bench {

struct fanout_options {
  /// Over all groups.
  std::size_t subscribers = 1000;
  std::size_t groups = 1;
  /// Messages on their way at once over all groups; one is on its way until the
  /// slowest subscriber has it.
  std::size_t window = 1;
  /// Messages a second over all groups, published when due whatever became of
  /// those before; 0: a closed loop that keeps `window` on their way.
  double rate = 0;
  /// Whether publishers are connections of their own, which get no messages or
  /// such as are not judged; else the first subscriber of a group publishes.
  bool own_publishers = false;
};

/// One connection of each group publishes, in turn; all subscribers of the
/// group get each message. Counts deliveries; latency is of each delivery.
class fanout : public scenario {
public:
  /// Makes the wire of a group's subscribers, or of its publisher. What
  /// publishes has a train.
  using make_wire = std::function<wire(std::size_t group, bool publishes)>;

  fanout(const make_wire& make, const fanout_options& options);

  void open() override;
  void run(const slice_limit& until, slice& into) override;

private:
  struct group {
    std::size_t number = 0;
    std::deque<wire> wires;
    client* publisher = nullptr;
    std::size_t size = 0;
    std::uint64_t published = 0;
    /// Of the message before which all are complete.
    std::uint64_t complete = 0;
    /// By number of message modulo their size: how many have it, and when it
    /// was, or was due to be, published.
    std::vector<std::uint32_t> having;
    std::vector<std::uint64_t> sent_at;
  };

  void publish(std::uint64_t when);
  void take(client& who, std::size_t messages, slice& into);
  /// Ends a slice: everything published must come.
  /// @returns the deliveries that came.
  std::uint64_t drain();
  /// Publishes until every subscriber has had something: a server may finish
  /// a handshake before the socket is in its group. From here on nothing may
  /// be lost.
  void await_subscriptions();
  /// One message to each group must come to everybody, once.
  void probe();

  fanout_options options_;
  fleet fleet_;
  std::deque<group> groups_;
  /// By index of the client; null for publishers of their own.
  std::vector<group*> group_of_;
  std::size_t next_group_ = 0;
  std::uint64_t in_flight_ = 0;
  /// Deliveries of messages that have been published.
  std::uint64_t outstanding_ = 0;
};

} // namespace switchboard::bench
