#include "actors/file_watch.hpp"

#include <utility>

namespace switchboard::actors {

file_watch::file_watch(file_keeper& keeper)
    : keeper_(keeper), thread_([this] { run(); }) {}

file_watch::~file_watch() {
  {
    std::lock_guard guard{mutex_};
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void file_watch::renew() {
  {
    std::lock_guard guard{mutex_};
    renewing_ = true;
  }
  changed_.notify_all();
}

void file_watch::run() {
  std::unique_lock guard{mutex_};
  while (!ending_) {
    auto renewing = std::exchange(renewing_, false);
    guard.unlock();
    if (renewing)
      keeper_.renew();
    keeper_.look(std::chrono::system_clock::now());
    guard.lock();
    changed_.wait_for(guard, interval, [this] { return renewing_ || ending_; });
  }
}

} // namespace switchboard::actors
