#include "net/file_worker.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

namespace switchboard::net {

struct file_worker::state {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by `mutex`.
  std::deque<std::function<void()>> jobs;
  bool ends = false;
  std::thread thread;

  static void run(const std::shared_ptr<state>& self) {
    std::unique_lock lock{self->mutex};
    for (;;) {
      self->changed.wait(lock,
                         [&] { return self->ends || !self->jobs.empty(); });
      if (self->jobs.empty())
        return;
      auto job = std::move(self->jobs.front());
      self->jobs.pop_front();
      lock.unlock();
      job();
      // It may hold the last of something that takes its time to go.
      job = nullptr;
      lock.lock();
    }
  }
};

file_worker::file_worker() : state_(std::make_shared<state>()) {
  state_->thread = std::thread{[self = state_] {
    state::run(self);
  }};
  pthread_setname_np(state_->thread.native_handle(), "files");
}

file_worker::~file_worker() {
  {
    std::lock_guard guard{state_->mutex};
    state_->ends = true;
  }
  state_->changed.notify_one();
  if (state_->thread.get_id() == std::this_thread::get_id())
    state_->thread.detach();
  else
    state_->thread.join();
}

void file_worker::post(std::function<void()> job) {
  // The job may let go of the worker before this is done.
  auto self = state_;
  {
    std::lock_guard guard{self->mutex};
    self->jobs.push_back(std::move(job));
  }
  self->changed.notify_one();
}

} // namespace switchboard::net
