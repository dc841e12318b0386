#include "net/fetch_pool.hpp"

#include <exception>
#include <utility>
#include <vector>

namespace switchboard::net {

/// One question under way.
class fetch_pool::flight final : public std::enable_shared_from_this<flight>,
                                 private timer {
public:
  flight(fetch_pool& pool, std::string key, http_question what,
         std::chrono::milliseconds patience)
      : pool_(pool),
        key_(std::move(key)),
        question_(std::move(what)),
        patience_(patience) {
    pool_.loop_.arm(*this, pool_.loop_.now() + patience);
  }

  /// A question that is answered already.
  flight(fetch_pool& pool, std::string problem)
      : pool_(pool), answer_{{}, std::move(problem)}, done_(true) {}

  void begin() {
    begun_ = true;
    frame_ = talk();
    frame_.start();
  }

  void finish(http_fetched answer) {
    if (std::exchange(done_, true))
      return;
    answer_ = std::move(answer);
    pool_.loop_.disarm(*this);
    pool_.done(shared_from_this());
    for (auto next : std::exchange(askers_, {}))
      next.resume();
  }

  void add(std::coroutine_handle<> asker) {
    askers_.push_back(asker);
  }

  bool begun() const noexcept {
    return begun_;
  }

  bool is_done() const noexcept {
    return done_;
  }

  const std::string& key() const noexcept {
    return key_;
  }

  const http_fetched& answer() const noexcept {
    return answer_;
  }

private:
  task<bool> talk() {
    http_fetched result;
    try {
      result = co_await pool_.fetcher_.fetch(question_);
    } catch (const std::exception& failure) {
      result.problem = failure.what();
    }
    finish(std::move(result));
    co_return true;
  }

  void on_timer() override {
    auto self = shared_from_this();
    // What waits is cut short before anybody hears of it.
    frame_ = {};
    finish(
        {{}, "no answer within " + std::to_string(patience_.count()) + " ms"});
  }

  fetch_pool& pool_;
  std::string key_;
  http_question question_;
  std::chrono::milliseconds patience_{0};
  http_fetched answer_;
  std::vector<std::coroutine_handle<>> askers_;
  bool begun_ = false;
  bool done_ = false;
  task<bool> frame_;
};

namespace {

/// Keeps something until the end of a turn.
class kept final : public disposable {
public:
  explicit kept(std::shared_ptr<fetch_pool::flight> what)
      : what_(std::move(what)) {}

private:
  std::shared_ptr<fetch_pool::flight> what_;
};

} // namespace

fetch_pool::fetch_pool(loop& home, std::shared_ptr<resolver> names, limits how)
    : loop_(home), fetcher_(home, std::move(names)), limits_(how) {}

fetch_pool::~fetch_pool() = default;

fetch_pool::wait fetch_pool::fetch(const std::string& key, http_question what,
                                   std::chrono::milliseconds patience) {
  if (auto i = flights_.find(key); i != flights_.end())
    return {*this, i->second};
  if (auto failure = failures_.find(key, std::time(nullptr)))
    return {*this, std::make_shared<flight>(*this, *failure)};
  if (waiting_.size() >= limits_.most_waiting)
    return {*this, std::make_shared<flight>(*this, "too many others are asked "
                                                   "at the time")};
  auto made = std::make_shared<flight>(*this, key, std::move(what), patience);
  flights_.emplace(key, made);
  waiting_.push_back(made);
  begin_next();
  return {*this, std::move(made)};
}

void fetch_pool::begin_next() {
  while (under_way_ < limits_.at_once && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next->is_done())
      continue;
    ++under_way_;
    next->begin();
  }
}

void fetch_pool::done(const std::shared_ptr<flight>& what) {
  flights_.erase(what->key());
  if (!what->answer().problem.empty())
    failures_.put(
        what->key(), what->answer().problem,
        std::time(nullptr)
            + static_cast<std::time_t>(limits_.failures_last.count()));
  // Its coroutine is still in this call.
  loop_.dispose(std::make_unique<kept>(what));
  if (!what->begun())
    return;
  --under_way_;
  begin_next();
}

bool fetch_pool::wait::await_ready() const noexcept {
  return what_->is_done();
}

void fetch_pool::wait::await_suspend(std::coroutine_handle<> next) {
  what_->add(next);
}

http_fetched fetch_pool::wait::await_resume() const {
  return what_->answer();
}

} // namespace switchboard::net
