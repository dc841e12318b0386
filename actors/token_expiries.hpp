#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <unordered_map>
#include <utility>

#include "net/loop.hpp"
#include "net/timer.hpp"

namespace switchboard::actors {

class socket;

/// When the tokens of one shard's sockets expire: one timer for all of them,
/// and nothing for sockets that came without. One thread.
class token_expiries final : private net::timer {
public:
  using clock = std::chrono::system_clock;

  /// The wall clock may be set: it is looked at no later than after this.
  static constexpr auto longest_sleep = std::chrono::seconds{30};

  /// @param expired called for a socket whose time has come, which is
  ///        forgotten by then.
  token_expiries(net::loop& home, std::function<void(socket&)> expired)
      : loop_(home), expired_(std::move(expired)) {}

  /// Sets when a socket's token expires, in place of what was.
  void set(socket& who, clock::time_point when);

  /// It is gone, or its token never expires.
  void forget(socket& who);

private:
  void on_timer() override;
  void arm();

  net::loop& loop_;
  std::function<void(socket&)> expired_;
  std::set<std::pair<clock::time_point, socket*>> by_time_;
  std::unordered_map<socket*, clock::time_point> by_socket_;
};

} // namespace switchboard::actors
