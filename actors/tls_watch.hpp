#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "actors/tls_keeper.hpp"

namespace switchboard::actors {

/// The thread on which a keeper works: files are read on it and never on a
/// shard.
class tls_watch {
public:
  /// How often it looks.
  static constexpr auto interval = std::chrono::seconds{1};

  /// @param keeper must outlive it.
  explicit tls_watch(tls_keeper& keeper);

  /// Ends the thread.
  ~tls_watch();

  /// Has everything read again at once.
  void renew();

  tls_watch(const tls_watch&) = delete;
  tls_watch& operator=(const tls_watch&) = delete;

private:
  void run();

  tls_keeper& keeper_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool renewing_ = false;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace switchboard::actors
