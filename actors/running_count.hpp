#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

#include <caf/all.hpp>

namespace switchboard::actors {

/// Counts actors that have not ended. Outlives the instance where an actor
/// does. Any thread.
class running_count {
public:
  void add(const caf::strong_actor_ptr& who,
           const std::shared_ptr<running_count>& self) {
    {
      std::lock_guard guard{mutex_};
      ++count_;
    }
    who->get()->attach_functor([self] {
      std::lock_guard guard{self->mutex_};
      --self->count_;
      self->changed_.notify_all();
    });
  }

  bool wait_for_none(std::chrono::nanoseconds patience) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, patience, [this] { return count_ == 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

} // namespace switchboard::actors
