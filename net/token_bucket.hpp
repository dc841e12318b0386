#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "net/timer.hpp"

namespace switchboard::net {

/// How fast the tokens of a bucket come back. The most that it holds is what
/// comes back within a second.
struct token_rate {
  static constexpr std::chrono::nanoseconds span = std::chrono::seconds{1};

  /// 0: no limit.
  std::uint64_t per_second = 0;

  explicit operator bool() const noexcept {
    return per_second != 0;
  }

  /// The time in which so many tokens come back; at most a hundred years.
  /// @pre there is a limit
  std::chrono::nanoseconds time_of(std::uint64_t tokens) const noexcept;
};

/// Tokens that are spent and come back at an even pace. Full at first. Pure:
/// the caller owns the clock. One point in time tells all: when the bucket will
/// be full again.
class token_bucket {
public:
  /// Whether a token is there.
  bool has_any(token_rate rate, clock::time_point now) const noexcept {
    return wait(rate, now, 1) == std::chrono::nanoseconds::zero();
  }

  /// Takes tokens whether they are there or not: what is missing is owed, and
  /// comes back before any other.
  void spend(token_rate rate, std::uint64_t tokens,
             clock::time_point now) noexcept;

  /// How long it takes until so many tokens are there; a bucket that never
  /// holds as many is waited for until it is full.
  std::chrono::nanoseconds wait(token_rate rate, clock::time_point now,
                                std::uint64_t tokens) const noexcept;

private:
  clock::time_point full_at_{};
};

/// The same for several threads, one token at a time.
class shared_token_bucket {
public:
  /// Takes a token.
  /// @returns zero where there was one, else how long it takes to the next.
  std::chrono::nanoseconds take(token_rate rate,
                                clock::time_point now) noexcept;

  /// A token that was taken was not needed.
  void give_back(token_rate rate) noexcept;

private:
  std::atomic<std::int64_t> full_at_{0};
};

} // namespace switchboard::net
