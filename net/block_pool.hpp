#pragma once

#include <cstddef>

namespace switchboard::net {

/// Memory for what comes and goes with every message: a thread's free blocks,
/// by size, so that steady traffic never asks the heap. A block may be given
/// back on another thread than it was taken on. Blocks over the largest size
/// come from the heap.
class block_pool {
public:
  /// @param size in bytes; receives what there really is, at least as much.
  static void* take(std::size_t& size);

  /// @param size as `take` told it.
  static void give_back(void* block, std::size_t size) noexcept;

  /// Blocks this thread had to ask the heap for so far.
  static std::size_t misses() noexcept;
};

} // namespace switchboard::net
