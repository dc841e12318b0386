#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <switchboard/error.hpp>
#include <switchboard/options.hpp>

namespace switchboard::actors {

/// The wait before the next attempt. Pure: the caller owns clock and dice.
/// @param attempt attempts made again since the last success; 0 before the
///        first of them.
/// @param dice uniform in [0, 1); scales the jittered share.
/// @returns at most `options.backoff.max`, where the strategy backs off;
///          `nullopt` once the attempts are spent.
std::optional<std::chrono::nanoseconds>
reconnect_delay(const reconnection_options& options, std::uint32_t attempt,
                double dice);

/// The longest that `reconnect` can take: the sum of all waits without
/// their jitter, the thousandth standing for those behind it; at most a year.
/// @pre the strategy is `reconnect`
std::chrono::nanoseconds longest_wait(const reconnection_options& options);

/// The wait before the first attempt after a connection was lost that had
/// stayed up: none, or, so that a thousand sockets of one peer do not come
/// back at once, a jittered share of the frequency.
/// @param dice uniform in [0, 1)
std::chrono::nanoseconds first_wait(const reconnection_options& options,
                                    double dice);

/// Whether another attempt may end differently (spec §2).
bool is_retried(errc what) noexcept;

} // namespace switchboard::actors
