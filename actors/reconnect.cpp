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

} // namespace switchboard::actors
