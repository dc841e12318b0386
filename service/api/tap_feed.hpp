#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <switchboard/tap.hpp>

#include "service/api/limits.hpp"

namespace switchboard::service::api {

/// What one client of a tap is about to be told. Holds no more than the shards
/// send without an answer, which comes when it is written. The API's thread.
class tap_feed {
public:
  using clock = std::chrono::steady_clock;

  /// @param payload whether payloads of messages are told.
  tap_feed(const boost::asio::any_io_executor& loop, const limits& bounds,
           bool payload);

  void take(tap_events&& what);

  /// Nothing more comes; the first reason counts.
  void end(std::string reason);

  /// The client has gone, or is to.
  void leave();

  /// Whether nothing more is to be written.
  bool over() const noexcept {
    return gone_ || told_end_;
  }

  bool gone() const noexcept {
    return gone_;
  }

  /// Waits for something to be told; a sign of life is, too.
  boost::asio::awaitable<void> wait();

  /// What is to be told now, as server-sent events; empty: nothing.
  /// @param batches set to how many that were taken are in it to their end.
  std::string text(std::size_t& batches);

  /// Whether the client is being listened to.
  bool watched = false;

  /// Waits until it no longer is.
  boost::asio::awaitable<void> until_unwatched();

  void wake() {
    signal_.cancel();
  }

private:
  clock::time_point due() const;
  bool losses_due() const;

  const limits& bounds_;
  bool payload_;
  boost::asio::steady_timer signal_;
  std::deque<tap_events> batches_;
  tap_losses losses_;
  clock::time_point losses_told_;
  clock::time_point written_;
  std::uint64_t last_id_ = 0;
  std::optional<std::string> end_;
  bool told_end_ = false;
  bool gone_ = false;
};

} // namespace switchboard::service::api
