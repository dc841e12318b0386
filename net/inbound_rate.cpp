#include "net/inbound_rate.hpp"

#include <algorithm>

namespace switchboard::net {

namespace {

/// A peer that is held up goes on with what comes back in this time, so that
/// the loop is not woken for every single token.
constexpr std::uint64_t waits_per_second = 20;

} // namespace

inbound_rate::inbound_rate(loop& home, const rate_limit_options& limits,
                           rate_waiter& waiter) noexcept
    : loop_(home),
      waiter_(waiter),
      message_rate_{limits.messages},
      byte_rate_{limits.bytes},
      action_(limits.action) {}

inbound_rate::verdict inbound_rate::take(token_bucket& from, token_rate rate,
                                         kind what, std::uint64_t count) {
  if (!rate)
    return verdict::good;
  auto now = loop_.now();
  auto there = from.has_any(rate, now);
  if (!there && action_ == rate_limit_action::close) {
    last_ = what;
    return verdict::exceeded;
  }
  from.spend(rate, count, now);
  if (action_ == rate_limit_action::close || from.has_any(rate, now))
    return verdict::good;
  last_ = what;
  auto batch = std::max<std::uint64_t>(1, rate.per_second / waits_per_second);
  auto until = now + from.wait(rate, now, batch);
  // The other bucket may take longer.
  if (!armed() || deadline() < until)
    loop_.arm(*this, until);
  return verdict::wait;
}

} // namespace switchboard::net
