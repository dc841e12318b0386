#include <algorithm>

#include "actors/shard.hpp"

// What a shard tells of itself.

namespace switchboard::actors {

namespace {

constexpr std::chrono::nanoseconds beat_interval = std::chrono::seconds{1};

std::uint64_t nanoseconds_of(net::clock::time_point when) noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds{when.time_since_epoch()}.count());
}

} // namespace

void shard::beat_later() {
  auto now = net::clock::now();
  beat_due_ = now + beat_interval;
  counters_.last_heartbeat.set(nanoseconds_of(now));
  loop_.arm(*this, beat_due_);
}

void shard::on_timer() {
  std::chrono::nanoseconds late = loop_.now() - beat_due_;
  auto turn = loop_.take_longest_turn();
  auto beats = counters_.heartbeats.get();
  waits_[beats % waits_.size()] = std::max(late, turn);
  counters_.heartbeats.add();
  counters_.lag_nanoseconds.set(static_cast<std::uint64_t>(
      std::max_element(waits_.begin(), waits_.end())->count()));
  beat_later();
}

void shard::collect(switchboard_statistics& to) const {
  auto& traffic = loop_.traffic();
  to.messages_received += traffic.messages_received.get();
  to.messages_sent += traffic.messages_sent.get();
  to.bytes_received += traffic.bytes_received.get();
  to.bytes_sent += traffic.bytes_sent.get();
  to.send_queue_bytes += traffic.queued_bytes.get();
  to.held_bytes += traffic.held_bytes.get();
  to.opened += counters_.opened.get();
  counters_.closed.collect(to.closed);
  counters_.handshakes.collect(to.handshakes);

  auto& here = to.shards.emplace_back();
  here.heartbeats = counters_.heartbeats.get();
  here.lag = std::chrono::nanoseconds{
      static_cast<std::int64_t>(counters_.lag_nanoseconds.get())};
  // A shard that is stuck cannot say so itself.
  auto last = counters_.last_heartbeat.get();
  auto now = nanoseconds_of(net::clock::now());
  if (last != 0 && now > last) {
    auto silent =
        std::chrono::nanoseconds{static_cast<std::int64_t>(now - last)};
    here.lag = std::max(here.lag, silent - beat_interval);
  }
}

} // namespace switchboard::actors
