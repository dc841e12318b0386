#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <new>

namespace switchboard::net {

/// Memory for what comes and goes with every message: a thread's free blocks,
/// by size, so that steady traffic never asks the heap. A block may be given
/// back on another thread than it was taken on. Blocks over the largest size
/// come from the heap.
class block_pool {
public:
  /// @param size in bytes; receives what there really is, at least as much.
  static void* take(std::size_t& size) {
    auto index = class_of(size);
    auto mine = mine_;
    if (mine == nullptr || index >= classes || (*mine)[index].first == nullptr)
        [[unlikely]]
      return take_new(size, index);
    size = size_of(index);
    auto& list = (*mine)[index];
    auto block = list.first;
    list.first = block->next;
    list.bytes -= size;
    return block;
  }

  /// @param size as it was asked for, or as `take` told it.
  static void give_back(void* block, std::size_t size) noexcept {
    auto index = class_of(size);
    auto mine = mine_;
    if (mine == nullptr || index >= classes
        || (*mine)[index].bytes >= kept_bytes) [[unlikely]]
      return give_away(block, index);
    auto& list = (*mine)[index];
    list.first = ::new (block) free_block{list.first};
    list.bytes += size_of(index);
  }

  /// Blocks this thread had to ask the heap for so far.
  static std::size_t misses() noexcept;

private:
  /// Sizes are the powers of two from 2^6 to 2^14 bytes.
  static constexpr std::size_t least_bits = 6;
  static constexpr std::size_t most_bits = 14;
  static constexpr std::size_t classes = most_bits - least_bits + 1;

  /// A thread keeps at most so many free bytes of each size.
  static constexpr std::size_t kept_bytes = 512 * 1024;

  struct free_block {
    free_block* next;
  };

  struct free_list {
    free_block* first = nullptr;
    std::size_t bytes = 0;
  };

  using free_lists = std::array<free_list, classes>;

  struct thread_lists;

  static constexpr std::size_t class_of(std::size_t size) noexcept {
    auto bits = static_cast<std::size_t>(std::bit_width(size - 1));
    return bits < least_bits ? 0 : bits - least_bits;
  }

  static constexpr std::size_t size_of(std::size_t index) noexcept {
    return std::size_t{1} << (index + least_bits);
  }

  /// Where this thread's free blocks cannot help.
  static void* take_new(std::size_t& size, std::size_t index);
  static void give_away(void* block, std::size_t index) noexcept;

  /// Null before the thread's first block and once the thread ends.
  static constinit thread_local free_lists* mine_;
};

} // namespace switchboard::net
