#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <switchboard/attributes.hpp>

#include "actors/outbound_journal.hpp"
#include "actors/outbound_plan.hpp"
#include "net/timer.hpp"

namespace switchboard::actors {

/// What an outbound socket has beyond an inbound one.
struct outbound_state {
  outbound_state(outbound_plan_ptr how,
                 std::shared_ptr<const handshake_attributes> first)
      : plan(std::move(how)), handshake(std::move(first)) {}

  /// Calls back when the first waiting message has waited long enough.
  class expiry final : public net::timer {
  public:
    std::function<void()> callback;

  private:
    void on_timer() override {
      callback();
    }
  };

  outbound_plan_ptr plan;
  /// Of the connection at hand, or of the last one.
  std::shared_ptr<const handshake_attributes> handshake;
  outbound_journal journal;
  expiry timer;
  /// What earlier connections have counted.
  socket_counters counted;
  /// Whether it was told to close: its connection is the last.
  bool ends = false;
};

} // namespace switchboard::actors
