#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "flows/store/sqlite_store.hpp"
#include "flows/store/sqlite_table.hpp"

namespace switchboard::flows {

/// What the thread of a `sqlite_store` does: takes all requests that wait,
/// looks up, changes in one transaction, answers.
class sqlite_worker {
public:
  struct request {
    std::string key;
    /// Unset: to look it up.
    object_store::change how;
    object_store::reply then;
  };

  /// Opens the file. Throws `sqlite_failure`.
  sqlite_worker(const object_store_options& options, sqlite_store::clock now);

  /// Any thread.
  /// @returns whether it was taken: so many may wait.
  bool push(request&& what);

  /// Any thread. `run` returns when nothing waits any more.
  void stop();

  /// Serves requests until `stop`; the thread's own.
  void run();

  /// Any thread.
  store_statistics statistics() const noexcept;
  void count_failure() noexcept;

  /// Makes the answer of a request that failed.
  store_answer refusal(const std::string& why) const;

private:
  using request_list = std::vector<request>;

  /// Entries that one transaction gave up.
  struct losses {
    std::uint64_t expired = 0;
    std::uint64_t evicted = 0;
  };

  /// Waits for requests; none after a while or at the end.
  request_list take(bool& stopped);
  void serve(request_list& batch);
  void look_up(request& what);
  void change_all(request_list& batch);
  store_answer change_one(request& what, std::int64_t now);
  losses make_room(std::int64_t now);
  void count(const losses& what) noexcept;
  std::int64_t dead_until(std::int64_t now) const noexcept;
  void answer(request& what, store_answer&& with) noexcept;
  void tidy();

  const std::string name_;
  const std::int64_t entry_ttl_;
  const std::uint64_t max_entries_;
  const sqlite_store::clock now_;
  sqlite_table table_;
  /// Rows, as far as they are known.
  std::optional<std::uint64_t> rows_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<request> waiting_;
  bool stopping_ = false;

  std::atomic<std::uint64_t> entries_{0};
  std::atomic<std::uint64_t> evicted_{0};
  std::atomic<std::uint64_t> expired_{0};
  std::atomic<std::uint64_t> failed_{0};
};

} // namespace switchboard::flows
