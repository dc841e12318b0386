#include "net/http_fetch.hpp"

#include <algorithm>
#include <coroutine>
#include <optional>
#include <utility>

#include "net/http_pool.hpp"

namespace switchboard::net {

namespace {

constexpr std::size_t longest_url = 2048;

/// The caller's deadline comes before.
constexpr std::chrono::hours longest_wait{1};

bool is_sendable(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<dial_target> target_of(std::string_view url) {
  if (url.size() > longest_url || !is_sendable(url))
    return std::nullopt;
  std::string ignored;
  auto result = read_http_url(std::string{url}, ignored);
  return result && !result->secure ? result : std::nullopt;
}

/// Waits for the outcome of a call with a pool of its own: `co_await` it once.
class answer_to {
public:
  answer_to(loop& home, std::shared_ptr<resolver> names, http_call call)
      : loop_(home),
        call_(std::move(call)),
        pool_(std::make_unique<remains>(home, std::move(names), call_.route,
                                        call_.target)),
        state_(std::make_shared<state>()) {}

  ~answer_to() {
    // Nobody is told any more, and the pool may still be in a call of ours.
    state_.reset();
    loop_.dispose(std::move(pool_));
  }

  answer_to(const answer_to&) = delete;
  answer_to& operator=(const answer_to&) = delete;

  bool await_ready() const noexcept {
    return false;
  }

  bool await_suspend(std::coroutine_handle<> next) {
    auto told = [where = std::weak_ptr{state_}](http_outcome&& outcome) {
      if (auto to = where.lock()) {
        to->outcome = std::move(outcome);
        if (to->next)
          to->next.resume();
      }
    };
    auto state = state_;
    pool_->pool.add(std::make_unique<http_exchange>(
        loop_, std::move(call_), std::move(told), loop_.now()));
    if (state->outcome)
      return false;
    state->next = next;
    return true;
  }

  http_outcome await_resume() {
    return std::move(*state_->outcome);
  }

private:
  struct state {
    std::optional<http_outcome> outcome;
    std::coroutine_handle<> next;
  };

  struct remains final : disposable {
    remains(loop& home, std::shared_ptr<resolver> names,
            std::shared_ptr<const http_route> route, dial_target target)
        : pool(home, std::move(names), std::move(route), std::move(target)) {}

    http_pool pool;
  };

  loop& loop_;
  http_call call_;
  std::unique_ptr<remains> pool_;
  std::shared_ptr<state> state_;
};

} // namespace

bool is_fetchable(std::string_view url) {
  return target_of(url).has_value();
}

http_fetcher::http_fetcher(loop& home, std::shared_ptr<resolver> names)
    : loop_(home), names_(std::move(names)) {
  auto plain = std::make_shared<http_route>();
  plain->dialing = std::make_shared<const dial_options>();
  plain->max_connections = 1;
  route_ = std::move(plain);
}

task<http_fetched> http_fetcher::fetch(const http_question& what) {
  auto target = target_of(what.url);
  if (!target)
    co_return http_fetched{{}, "its URL cannot be asked"};
  http_call call;
  call.route = route_;
  call.target = std::move(*target);
  call.method = what.body.empty() ? "GET" : "POST";
  call.headers.emplace_back("user-agent", "switchboard");
  if (!what.body.empty()) {
    call.headers.emplace_back("content-type", what.content_type);
    call.body = std::make_shared<const std::string>(what.body);
  }
  call.timeout = longest_wait;
  call.max_response_size = what.most_bytes;
  answer_to asked{loop_, names_, std::move(call)};
  auto outcome = co_await asked;
  if (auto failure = std::get_if<http_failure>(&outcome))
    co_return http_fetched{{}, std::move(failure->text)};
  auto& answer = std::get<http_response>(outcome);
  if (answer.status != 200)
    co_return http_fetched{
        {}, "it answered with status " + std::to_string(answer.status)};
  co_return http_fetched{std::move(answer.body), {}};
}

} // namespace switchboard::net
