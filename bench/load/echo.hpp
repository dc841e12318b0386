#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/load/fleet.hpp"
#include "bench/load/slice.hpp"

namespace switchboard::bench {

struct echo_options {
  std::size_t connections = 100;
  /// Messages of each connection that are on their way at once.
  std::size_t in_flight = 1;
  /// Messages a second over all connections, sent when due whatever became of
  /// those before; 0: a closed loop that keeps `in_flight` on their way.
  double rate = 0;
};

/// Every connection sends messages and gets each back.
class echo : public scenario {
public:
  /// @param shared with a train.
  echo(wire shared, const echo_options& options);

  void open() override;
  void run(const slice_limit& until, slice& into) override;

private:
  /// Compares one echo with what was sent, byte by byte.
  void probe();
  void run_closed(const slice_limit& until, slice& into);
  void run_at_rate(const slice_limit& until, slice& into);
  /// Ends a slice: everything sent must come back.
  /// @returns what came.
  std::uint64_t drain();
  void take(client& who, std::size_t messages, std::uint64_t now, slice& into);

  wire wire_;
  echo_options options_;
  fleet fleet_;
  std::uint64_t outstanding_ = 0;
};

} // namespace switchboard::bench
