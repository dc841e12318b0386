#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/http_connection.hpp"
#include "net/http_call.hpp"
#include "net/loop.hpp"
#include "net/resolver.hpp"

namespace switchboard::net {

class http_pool;

/// A request with its deadline, until its outcome was told.
class http_exchange final : private timer {
public:
  /// @param now when it was asked; its timeout counts from here.
  http_exchange(loop& home, http_call call, http_callback done,
                clock::time_point now);
  ~http_exchange() override;

  const http_call& call() const noexcept {
    return call_;
  }

  clock::time_point deadline() const noexcept {
    return deadline_;
  }

  /// Tells `owner` when the time is over.
  void watch_deadline(http_pool& owner);

  /// Brings the deadline forward.
  void end_by(clock::time_point when);

  /// Tells the outcome.
  void settle(http_outcome&& outcome);

  /// Whether it may be sent once more at once; true the first time.
  bool take_second_chance() noexcept {
    return std::exchange(second_chance_, false);
  }

private:
  void on_timer() override;

  loop& loop_;
  http_call call_;
  http_callback done_;
  clock::time_point deadline_;
  http_pool* owner_ = nullptr;
  bool second_chance_ = true;
};

using exchange_ptr = std::unique_ptr<http_exchange>;

/// The connections of one route to one origin, and the requests that wait for
/// them, first come first served. Lives on its loop's thread.
class http_pool final : private http_connection_owner {
public:
  http_pool(loop& home, std::shared_ptr<resolver> names,
            std::shared_ptr<const http_route> route, dial_target origin);
  ~http_pool();
  http_pool(const http_pool&) = delete;
  http_pool& operator=(const http_pool&) = delete;

  /// Takes a request; the outcome may come from within the call.
  void add(exchange_ptr what);

  /// No request shall take longer than until then.
  void end_by(clock::time_point when);

  /// An exchange's time is over.
  void expire(http_exchange& what);

  /// Whether nothing is left that it would be kept for.
  bool empty() const noexcept {
    return waiting_.empty() && connections_.empty() && dials_.empty();
  }

private:
  class pending_dial;

  struct entry {
    std::unique_ptr<http_connection> connection;
    /// Null while it is idle.
    exchange_ptr work;
  };

  void on_answer(http_connection& from, http_response&& answer,
                 bool reusable) override;
  void on_broken(http_connection& from, http_failure&& why,
                 bool untouched) override;
  void on_unused(http_connection& from) override;

  void on_dialed(pending_dial& from, dialed&& what);
  void on_dial_failed(pending_dial& from, dial_failure&& why);

  /// Gives the first that waits to a connection, or dials for it.
  void serve();
  void give(entry& to, exchange_ptr what);
  void fail_first(std::string why);
  void begin_dial(clock::time_point deadline);
  void drop(http_connection& what);
  void drop(pending_dial& what);

  loop& loop_;
  std::shared_ptr<resolver> names_;
  std::shared_ptr<const http_route> route_;
  dial_target origin_;
  std::string address_;
  std::unordered_map<http_connection*, entry> connections_;
  /// Those of `connections_` that are idle, the one used last at the end.
  std::vector<http_connection*> idle_;
  std::vector<std::unique_ptr<pending_dial>> dials_;
  std::deque<exchange_ptr> waiting_;
};

} // namespace switchboard::net
