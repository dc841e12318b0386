#include "net/resolver.hpp"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/error.hpp>

#include <netdb.h>

namespace switchboard::net {

namespace {

/// Lookups that may wait for a thread.
constexpr std::size_t most_waiting = 10'000;

boost::system::error_code error_of(int result) {
  switch (result) {
    case 0:
      return {};
    case EAI_NONAME:
    case EAI_NODATA:
      return boost::asio::error::host_not_found;
    case EAI_AGAIN:
      return boost::asio::error::host_not_found_try_again;
    case EAI_MEMORY:
      return boost::asio::error::no_memory;
    default:
      return boost::asio::error::no_recovery;
  }
}

std::vector<endpoint> look_up(const std::string& host, std::uint16_t port,
                              boost::system::error_code& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  error = error_of(::getaddrinfo(host.c_str(), std::to_string(port).c_str(),
                                 &hints, &found));
  std::vector<endpoint> result;
  if (error)
    return result;
  for (auto entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6)
      continue;
    auto& to = result.emplace_back();
    std::memcpy(&to.address, entry->ai_addr, entry->ai_addrlen);
    to.size = entry->ai_addrlen;
  }
  ::freeaddrinfo(found);
  if (result.empty())
    error = boost::asio::error::host_not_found;
  return result;
}

} // namespace

struct resolver::state {
  struct job {
    std::string host;
    std::uint16_t port = 0;
    callback done;
  };

  struct worker {
    std::thread thread;
    /// Of the look-up under way; null otherwise.
    callback done;
    bool looks_up = false;
  };

  explicit state(std::size_t most) : most_threads(most) {}

  void run(worker& self) {
    std::unique_lock guard{mutex};
    for (;;) {
      ++idle;
      changed.wait(guard, [this] { return stopping || !jobs.empty(); });
      --idle;
      if (jobs.empty())
        return;
      auto next = std::move(jobs.front());
      jobs.pop_front();
      self.done = std::move(next.done);
      self.looks_up = true;
      guard.unlock();
      boost::system::error_code error;
      auto found = look_up(next.host, next.port, error);
      guard.lock();
      self.looks_up = false;
      auto done = std::exchange(self.done, nullptr);
      guard.unlock();
      if (done)
        done(std::move(found), error);
      // Whoever waits is let go before the lock.
      done = nullptr;
      guard.lock();
    }
  }

  std::size_t most_threads;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<job> jobs;
  /// Where one stands does not change.
  std::deque<worker> workers;
  std::size_t idle = 0;
  bool stopping = false;
};

resolver::resolver(std::size_t threads)
    : state_(std::make_shared<state>(threads)) {}

resolver::~resolver() {
  std::deque<state::job> dropped;
  {
    std::lock_guard guard{state_->mutex};
    state_->stopping = true;
    dropped.swap(state_->jobs);
    // The system's resolver takes its time, and cannot be called back.
    for (auto& each : state_->workers) {
      if (!each.looks_up)
        continue;
      dropped.push_back({{}, 0, std::exchange(each.done, nullptr)});
      each.thread.detach();
    }
  }
  state_->changed.notify_all();
  for (auto& job : dropped)
    job.done({}, boost::asio::error::operation_aborted);
  for (auto& each : state_->workers) {
    if (each.thread.joinable())
      each.thread.join();
  }
}

void resolver::resolve(std::string host, std::uint16_t port, callback done) {
  auto& self = *state_;
  std::unique_lock guard{self.mutex};
  if (self.jobs.size() >= most_waiting) {
    guard.unlock();
    done({}, boost::asio::error::no_buffer_space);
    return;
  }
  self.jobs.push_back({std::move(host), port, std::move(done)});
  if (self.jobs.size() > self.idle && self.workers.size() < self.most_threads) {
    auto& added = self.workers.emplace_back();
    added.thread = std::thread{[state = state_, &added] {
      state->run(added);
    }};
  }
  guard.unlock();
  self.changed.notify_one();
}

} // namespace switchboard::net
