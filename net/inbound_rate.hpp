#pragma once

#include <cstdint>

#include <switchboard/limit_options.hpp>

#include "net/loop.hpp"
#include "net/token_bucket.hpp"

namespace switchboard::net {

/// Whoever waits until a peer may send again.
class rate_waiter {
public:
  virtual void on_rate_recovered() = 0;

protected:
  ~rate_waiter() = default;
};

/// How fast one peer sends, and whether it may. Lives on its loop's thread;
/// asks no clock but the turn's.
class inbound_rate final : private timer {
public:
  enum class kind : std::uint8_t { messages, bytes };

  enum class verdict : std::uint8_t {
    good,
    /// The peer is not to be read until `on_rate_recovered`. What was counted
    /// may be handed on.
    wait,
    /// The socket is to be closed. What was counted was one too many.
    exceeded,
  };

  inbound_rate(loop& home, const rate_limit_options& limits,
               rate_waiter& waiter) noexcept;

  /// Counts a message.
  verdict take_message() {
    return take(messages_, message_rate_, kind::messages, 1);
  }

  /// Counts bytes that were read.
  verdict take_bytes(std::uint64_t count) {
    return take(bytes_, byte_rate_, kind::bytes, count);
  }

  /// What the last verdict was about.
  kind last() const noexcept {
    return last_;
  }

  /// Nobody waits any more.
  void stop() noexcept {
    loop_.disarm(*this);
  }

private:
  void on_timer() override {
    waiter_.on_rate_recovered();
  }

  verdict take(token_bucket& from, token_rate rate, kind what,
               std::uint64_t count);

  loop& loop_;
  rate_waiter& waiter_;
  token_rate message_rate_;
  token_rate byte_rate_;
  token_bucket messages_;
  token_bucket bytes_;
  rate_limit_action action_;
  kind last_ = kind::messages;
};

} // namespace switchboard::net
