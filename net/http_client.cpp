#include "net/http_client.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <pthread.h>

#include "net/http_pool.hpp"

namespace switchboard::net {

namespace {

/// Origins may come out of messages: their number is bounded.
constexpr std::size_t most_pools = 4096;

} // namespace

struct http_client::state final : private turn_hook {
  state() : names(std::make_shared<resolver>()) {
    thread = std::thread{[this] {
      home.run(*this);
      pools.clear();
      inbox.clear();
    }};
    pthread_setname_np(thread.native_handle(), "http");
  }

  ~state() {
    home.stop();
    thread.join();
  }

  void push(exchange_ptr what) {
    {
      std::lock_guard guard{mutex};
      inbox.push_back(std::move(what));
    }
    home.wake();
  }

  loop home;
  std::shared_ptr<resolver> names;
  std::mutex mutex;
  /// Guarded by `mutex`, as is `last`.
  std::vector<exchange_ptr> inbox;
  /// When everything has to be over.
  std::optional<clock::time_point> last;

private:
  /// What shares connections. The route is kept by the pool.
  using pool_key =
      std::tuple<const http_route*, bool, std::string, std::uint16_t>;

  bool on_turn() override {
    std::vector<exchange_ptr> fresh;
    std::optional<clock::time_point> end;
    {
      std::lock_guard guard{mutex};
      fresh.swap(inbox);
      end = last;
    }
    if (end && end != applied_) {
      applied_ = end;
      for (auto& [key, pool] : pools)
        pool->end_by(*end);
    }
    for (auto& what : fresh)
      dispatch(std::move(what));
    std::erase_if(pools, [](auto& entry) { return entry.second->empty(); });
    return false;
  }

  bool on_flushed() override {
    return false;
  }

  void dispatch(exchange_ptr what) {
    auto& call = what->call();
    auto& to = call.target;
    pool_key key{call.route.get(), to.secure, to.host, to.port};
    auto found = pools.find(key);
    if (found == pools.end()) {
      if (pools.size() >= most_pools) {
        what->settle(http_failure{http_failure::kind::unreachable,
                                  "there are connections to "
                                      + std::to_string(most_pools)
                                      + " places already"});
        return;
      }
      found =
          pools
              .emplace(std::move(key),
                       std::make_unique<http_pool>(home, names, call.route, to))
              .first;
    }
    auto& pool = *found->second;
    if (applied_)
      what->end_by(*applied_);
    pool.add(std::move(what));
  }

  std::map<pool_key, std::unique_ptr<http_pool>> pools;
  std::optional<clock::time_point> applied_;
  std::thread thread;
};

http_client::http_client() : state_(std::make_unique<state>()) {}

http_client::~http_client() = default;

void http_client::ask(http_call call, http_callback done) {
  // The turn's own time is the client's thread's to read.
  state_->push(std::make_unique<http_exchange>(state_->home, std::move(call),
                                               std::move(done), clock::now()));
}

void http_client::end_within(std::chrono::nanoseconds patience) {
  {
    std::lock_guard guard{state_->mutex};
    state_->last = clock::now() + patience;
  }
  state_->home.wake();
}

} // namespace switchboard::net
