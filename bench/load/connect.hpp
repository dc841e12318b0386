#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/load/fleet.hpp"
#include "bench/load/slice.hpp"

namespace switchboard::bench {

/// Connections that come and go. Counts those that were finished; latency is
/// of a whole life.
class coming_and_going : public scenario {
public:
  enum class life : std::uint8_t {
    /// Opened, then reset.
    handshake,
    /// Opened, one echo, closing handshake, end of the TCP connection.
    echo_and_close,
  };

  /// @param shared with a train where a life has an echo.
  /// @param at_once connections that are open or opening at a time.
  coming_and_going(wire shared, life each, std::size_t at_once);

  void open() override {}
  void run(const slice_limit& until, slice& into) override;

private:
  bool is_over(client& who, std::size_t messages);

  wire wire_;
  life life_;
  fleet fleet_;
};

} // namespace switchboard::bench
