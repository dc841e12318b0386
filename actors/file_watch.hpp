#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace switchboard::actors {

/// Whoever keeps something up to date that was read from files. Called on the
/// watch's thread.
class file_keeper {
public:
  /// Reads again what has changed.
  virtual void look(std::chrono::system_clock::time_point now) = 0;

  /// Reads everything again.
  virtual void renew() = 0;

protected:
  ~file_keeper() = default;
};

/// The thread on which a keeper works: files are read on it and never on a
/// shard.
class file_watch {
public:
  /// How often it looks.
  static constexpr auto interval = std::chrono::seconds{1};

  /// @param keeper must outlive it.
  explicit file_watch(file_keeper& keeper);

  /// Ends the thread.
  ~file_watch();

  /// Has everything read again at once.
  void renew();

  file_watch(const file_watch&) = delete;
  file_watch& operator=(const file_watch&) = delete;

private:
  void run();

  file_keeper& keeper_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool renewing_ = false;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace switchboard::actors
