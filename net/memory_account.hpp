#pragma once

#include <atomic>
#include <cstdint>

#include "net/counter.hpp"

namespace switchboard::net {

/// How much memory frames, queues, buffers and sockets hold. Each thread that
/// says so counts for itself, on a cache line of its own; what one thread takes
/// and another gives back makes the first one's number too large and the
/// other's too small, so that only the sum of all means anything.
class memory_account {
public:
  /// What this thread takes and gives back is counted here from now on.
  /// @param own outlives the thread's attachment; null: with all threads that
  ///        have none.
  static void attach(counter* own) noexcept {
    own_ = own;
  }

  static void add(std::uint64_t bytes) noexcept {
    if (own_ != nullptr)
      own_->add(bytes);
    else
      add_elsewhere(bytes);
  }

  static void subtract(std::uint64_t bytes) noexcept {
    // Wraps around, and so does the sum.
    add(std::uint64_t{0} - bytes);
  }

  /// Of the threads that have no counter, a difference that may wrap around.
  static std::uint64_t elsewhere() noexcept {
    return elsewhere_.load(std::memory_order_relaxed);
  }

private:
  static void add_elsewhere(std::uint64_t bytes) noexcept;

  static constinit thread_local counter* own_;
  static constinit std::atomic<std::uint64_t> elsewhere_;
};

} // namespace switchboard::net
