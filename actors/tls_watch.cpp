#include "actors/tls_watch.hpp"

#include <utility>

namespace switchboard::actors {

tls_watch::tls_watch(tls_keeper& keeper)
    : keeper_(keeper), thread_([this] { run(); }) {}

tls_watch::~tls_watch() {
  {
    std::lock_guard guard{mutex_};
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void tls_watch::renew() {
  {
    std::lock_guard guard{mutex_};
    renewing_ = true;
  }
  changed_.notify_all();
}

void tls_watch::run() {
  std::unique_lock guard{mutex_};
  while (!ending_) {
    auto renewing = std::exchange(renewing_, false);
    guard.unlock();
    if (renewing)
      keeper_.renew();
    keeper_.look(tls_keeper::clock::now());
    guard.lock();
    changed_.wait_for(guard, interval, [this] { return renewing_ || ending_; });
  }
}

} // namespace switchboard::actors
