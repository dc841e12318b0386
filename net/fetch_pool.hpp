#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/expiring_cache.hpp"
#include "net/http_fetch.hpp"

namespace switchboard::net {

/// Fetches for many askers: the same question is under way once, not too many
/// at a time, each with a deadline. One loop's thread; destroyed before the
/// loop, and only when nobody waits any more.
class fetch_pool {
public:
  struct limits {
    /// Fetches under way; further ones wait.
    std::size_t at_once = 16;
    /// Fetches that may wait.
    std::size_t most_waiting = 4096;
    /// How long a failure stands for the next askers.
    std::chrono::seconds failures_last{10};
  };

  fetch_pool(loop& home, std::shared_ptr<resolver> names, limits how);
  ~fetch_pool();
  fetch_pool(const fetch_pool&) = delete;
  fetch_pool& operator=(const fetch_pool&) = delete;

  class flight;

  /// Waits for an answer: `co_await` it once.
  class wait {
  public:
    wait(fetch_pool& pool, std::shared_ptr<flight> what)
        : pool_(pool), what_(std::move(what)) {}

    bool await_ready() const noexcept;
    void await_suspend(std::coroutine_handle<> next);
    http_fetched await_resume() const;

  private:
    fetch_pool& pool_;
    std::shared_ptr<flight> what_;
  };

  /// @param key questions of the same key have the same answer.
  /// @param patience from now on, a wait for its turn included.
  wait fetch(const std::string& key, http_question what,
             std::chrono::milliseconds patience);

private:
  void begin_next();
  void done(const std::shared_ptr<flight>& what);

  loop& loop_;
  http_fetcher fetcher_;
  limits limits_;
  std::size_t under_way_ = 0;
  std::unordered_map<std::string, std::shared_ptr<flight>> flights_;
  std::deque<std::shared_ptr<flight>> waiting_;
  /// Why the last fetch has failed.
  expiring_cache<std::string> failures_{1024};
};

} // namespace switchboard::net
