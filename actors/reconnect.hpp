#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

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

} // namespace switchboard::actors
