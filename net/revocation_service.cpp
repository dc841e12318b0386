#include "net/revocation_service.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "net/certificate_facts.hpp"
#include "net/pause.hpp"
#include "net/staple_box.hpp"

namespace switchboard::net {

namespace {

/// Checks and orders that may wait for the thread.
constexpr std::size_t most_waiting = 10'000;

/// A chain's check under way; its certificates are judged side by side.
struct chain_check {
  chain_in_question what;
  revocation_service::callback done;
  std::size_t open = 0;

  /// The first refusal is the answer; else the last certificate's passing.
  void decide(const certificate_in_question& which,
              const certificate_status& status) {
    --open;
    if (!done)
      return;
    auto problem = problem_of(which, status);
    if (problem.empty() && open > 0)
      return;
    std::exchange(done, nullptr)(std::move(problem));
  }

  std::string problem_of(const certificate_in_question& which,
                         const certificate_status& status) const {
    auto name = subject_of(which.certificate.get());
    auto how = std::get_if<standard_revocation>(&what.policy->how);
    switch (status.what) {
      case revocation_state::good:
        return {};
      case revocation_state::revoked:
        return "the certificate of " + name + " is revoked, " + status.detail;
      default:
        return how != nullptr && how->soft_fail
                   ? std::string{}
                   : "whether the certificate of " + name
                         + " is revoked cannot be found out: " + status.detail;
    }
  }
};

} // namespace

std::chrono::seconds staple_pause(std::time_t now, std::time_t until) {
  using namespace std::chrono_literals;
  std::chrono::seconds half{until > now ? (until - now) / 2 : 0};
  return std::clamp<std::chrono::seconds>(half, 1min, 1h);
}

struct revocation_service::state final : turn_hook {
  explicit state(const revocation_limits& how)
      : judge(home, std::make_shared<resolver>(2), how) {}

  ~state() {
    home.stop();
    if (thread.joinable())
      thread.join();
  }

  /// A coroutine that nobody awaits.
  struct errand final : disposable {
    task<bool> frame;
  };

  bool on_turn() override {
    std::deque<std::function<void()>> orders;
    {
      std::lock_guard guard{mutex};
      orders.swap(inbox);
    }
    for (auto& order : orders)
      order();
    return false;
  }

  bool on_flushed() override {
    return false;
  }

  /// @returns false where too many wait.
  bool post(std::function<void()> order) {
    std::lock_guard guard{mutex};
    if (inbox.size() >= most_waiting)
      return false;
    inbox.push_back(std::move(order));
    if (!thread.joinable())
      thread = std::thread{[this] {
        home.run(*this);
      }};
    home.wake();
    return true;
  }

  /// @param make gets the errand, which its coroutine ends.
  template <class Make>
  void begin(Make make) {
    auto made = std::make_unique<errand>();
    auto self = made.get();
    errands.emplace(self, std::move(made));
    self->frame = make(self);
    self->frame.start();
  }

  void end(errand* self) {
    auto i = errands.find(self);
    home.dispose(std::move(i->second));
    errands.erase(i);
  }

  void begin_check(const std::shared_ptr<chain_check>& check) {
    check->open = check->what.certificates.size();
    for (std::size_t i = 0; i < check->what.certificates.size(); ++i)
      begin([&](errand* self) { return check_one(self, check, i); });
  }

  task<bool> check_one(errand* self, std::shared_ptr<chain_check> check,
                       std::size_t which) {
    auto& what = check->what.certificates[which];
    certificate_status status;
    try {
      status = co_await judge.judge(*check->what.policy, what);
    } catch (const std::exception& failure) {
      status.detail = failure.what();
    }
    check->decide(what, status);
    end(self);
    co_return true;
  }

  task<bool> refresh(errand* self, std::weak_ptr<staple_box> where) {
    for (;;) {
      std::time_t until = 0;
      if (auto box = where.lock()) {
        ocsp_exchange exchange{box->certificate(), box->issuer(), false};
        auto urls = box->urls();
        // Whoever owns it may go meanwhile.
        box.reset();
        until = co_await refresh_once(where, exchange, urls);
      } else {
        break;
      }
      auto now = std::time(nullptr);
      pause_until pause{home, home.now() + staple_pause(now, until)};
      co_await pause;
    }
    end(self);
    co_return true;
  }

  /// @returns until when the new answer holds; 0: there is none.
  task<std::time_t> refresh_once(const std::weak_ptr<staple_box>& where,
                                 const ocsp_exchange& exchange,
                                 const std::vector<std::string>& urls) {
    for (auto& url : urls) {
      std::string answer;
      certificate_status found;
      try {
        found = co_await judge.ask(url, exchange, nullptr, answer);
      } catch (const std::exception&) {
        continue;
      }
      if (found.what != revocation_state::good)
        continue;
      if (auto box = where.lock())
        box->put(std::move(answer), found.until);
      co_return found.until;
    }
    co_return std::time_t{0};
  }

  loop home;
  certificate_judge judge;
  std::unordered_map<errand*, std::unique_ptr<errand>> errands;
  std::mutex mutex;
  /// Guarded by `mutex`.
  std::deque<std::function<void()>> inbox;
  /// Begins with the first order.
  std::thread thread;
};

revocation_service::revocation_service(const revocation_limits& how)
    : state_(std::make_unique<state>(how)) {}

revocation_service::~revocation_service() = default;

std::shared_ptr<revocation_service> revocation_service::shared() {
  static std::mutex mutex;
  static std::weak_ptr<revocation_service> known;
  std::lock_guard guard{mutex};
  auto result = known.lock();
  if (!result) {
    result = std::make_shared<revocation_service>();
    known = result;
  }
  return result;
}

void revocation_service::check(chain_in_question what, callback done) {
  if (what.certificates.empty()) {
    done({});
    return;
  }
  auto check =
      std::make_shared<chain_check>(chain_check{std::move(what), done, 0});
  if (!state_->post([self = state_.get(), check] { self->begin_check(check); }))
    done("too many certificates wait for the check of their revocation");
}

void revocation_service::keep_fresh(const std::shared_ptr<staple_box>& box) {
  state_->post([self = state_.get(), where = std::weak_ptr<staple_box>{box}] {
    self->begin([&](auto* own) { return self->refresh(own, where); });
  });
}

} // namespace switchboard::net
