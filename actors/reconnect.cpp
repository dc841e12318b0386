#include "actors/reconnect.hpp"

#include <algorithm>
#include <cmath>

namespace switchboard::actors {

std::optional<std::chrono::nanoseconds>
reconnect_delay(const reconnection_options& options, std::uint32_t attempt,
                double dice) {
  if (options.strategy == reconnection_strategy::none
      || (options.strategy == reconnection_strategy::reconnect
          && attempt >= options.count))
    return std::nullopt;
  auto& backoff = options.backoff;
  auto wait = static_cast<double>(options.frequency.count());
  if (backoff.factor > 1.0) {
    auto most = static_cast<double>(backoff.max.count());
    // In floating point, so that a long series saturates and does not wrap.
    wait = std::min(wait * std::pow(backoff.factor, attempt),
                    std::max(most, wait));
  }
  wait *= 1.0 - backoff.jitter * dice;
  return std::chrono::nanoseconds{std::llround(wait)};
}

std::chrono::nanoseconds longest_wait(const reconnection_options& options) {
  constexpr std::uint32_t counted_alone = 1000;
  constexpr auto year = 365.0 * 24 * 3600 * 1e9;
  auto sum = 0.0;
  auto wait = 0.0;
  auto alone = std::min(options.count, counted_alone);
  for (std::uint32_t attempt = 0; attempt < alone; ++attempt) {
    wait = static_cast<double>(reconnect_delay(options, attempt, 0.0)->count());
    sum += wait;
  }
  sum += wait * (options.count - alone);
  return std::chrono::nanoseconds{std::llround(std::min(sum, year))};
}

std::chrono::nanoseconds first_wait(const reconnection_options& options,
                                    double dice) {
  auto most = static_cast<double>(options.frequency.count());
  return std::chrono::nanoseconds{
      std::llround(most * options.backoff.jitter * dice)};
}

bool is_retried(errc what) noexcept {
  switch (what) {
    case errc::connectivity:
    case errc::remotely_closed:
    case errc::service_unavailable:
    case errc::internal_server_error:
      return true;
    default:
      return false;
  }
}

} // namespace switchboard::actors
