#pragma once

#include <cstdint>
#include <ctime>

namespace switchboard::bench {

/// Nanoseconds of the monotonic clock. About 20 ns a call.
inline std::uint64_t now_ns() noexcept {
  timespec ts{};
  ::clock_gettime(CLOCK_MONOTONIC, &ts);
  return static_cast<std::uint64_t>(ts.tv_sec) * 1'000'000'000U
         + static_cast<std::uint64_t>(ts.tv_nsec);
}

/// Nanoseconds of processor time that the calling thread has used.
inline std::uint64_t thread_cpu_ns() noexcept {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return static_cast<std::uint64_t>(ts.tv_sec) * 1'000'000'000U
         + static_cast<std::uint64_t>(ts.tv_nsec);
}

} // namespace switchboard::bench
