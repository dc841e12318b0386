#include "net/token_bucket.hpp"

#include <algorithm>
#include <limits>

namespace switchboard::net {

using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds longest = std::chrono::hours{24 * 365 * 100};

std::int64_t count_of(clock::time_point when) noexcept {
  return nanoseconds{when.time_since_epoch()}.count();
}

} // namespace

nanoseconds token_rate::time_of(std::uint64_t tokens) const noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  constexpr auto most = static_cast<std::uint64_t>(longest.count());
  if (tokens <= std::numeric_limits<std::uint64_t>::max() / second) [[likely]]
    return nanoseconds{static_cast<std::int64_t>(
        std::min(tokens * second / per_second, most))};
  auto seconds = tokens / per_second;
  return seconds < most / second ? std::chrono::seconds{seconds} : longest;
}

void token_bucket::spend(token_rate rate, std::uint64_t tokens,
                         clock::time_point now) noexcept {
  // Who owes for that long owes for good.
  auto begin = std::clamp(full_at_, now, now + longest);
  full_at_ = begin + std::min(rate.time_of(tokens), now + longest - begin);
}

nanoseconds token_bucket::wait(token_rate rate, clock::time_point now,
                               std::uint64_t tokens) const noexcept {
  auto room = token_rate::span - std::min(rate.time_of(tokens), rate.span);
  return std::max(nanoseconds{full_at_ - now} - room, nanoseconds::zero());
}

nanoseconds shared_token_bucket::take(token_rate rate,
                                      clock::time_point now) noexcept {
  auto cost = rate.time_of(1).count();
  auto here = count_of(now);
  auto full_at = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    auto next = std::max(full_at, here) + cost;
    if (auto late = next - here - rate.span.count(); late > 0)
      return nanoseconds{late};
    if (full_at_.compare_exchange_weak(full_at, next,
                                       std::memory_order_relaxed))
      return nanoseconds::zero();
  }
}

void shared_token_bucket::give_back(token_rate rate) noexcept {
  full_at_.fetch_sub(rate.time_of(1).count(), std::memory_order_relaxed);
}

} // namespace switchboard::net
