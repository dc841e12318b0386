#include "net/block_pool.hpp"

#include <array>
#include <bit>
#include <new>

namespace switchboard::net {

namespace {

/// Sizes are the powers of two from 2^6 to 2^14 bytes.
constexpr std::size_t least_bits = 6;
constexpr std::size_t most_bits = 14;
constexpr std::size_t classes = most_bits - least_bits + 1;

/// A thread keeps at most so many free bytes of each size.
constexpr std::size_t kept_bytes = 512 * 1024;

struct free_block {
  free_block* next;
};

struct free_lists {
  struct list {
    free_block* first = nullptr;
    std::size_t bytes = 0;
  };

  ~free_lists();

  std::array<list, classes> lists;
  std::size_t misses = 0;
};

thread_local free_lists* current = nullptr;

/// Whether this thread's lists are gone already: blocks may outlive them.
thread_local bool ended = false;

free_lists::~free_lists() {
  current = nullptr;
  ended = true;
  for (auto& list : lists)
    while (list.first != nullptr) {
      auto block = list.first;
      list.first = block->next;
      ::operator delete(block);
    }
}

free_lists* lists_of_thread() {
  if (current == nullptr && !ended) {
    thread_local free_lists mine;
    current = &mine;
  }
  return current;
}

std::size_t class_of(std::size_t size) {
  auto bits = static_cast<std::size_t>(std::bit_width(size - 1));
  return bits < least_bits ? 0 : bits - least_bits;
}

} // namespace

void* block_pool::take(std::size_t& size) {
  auto index = class_of(size);
  auto mine = lists_of_thread();
  if (index >= classes || mine == nullptr) {
    if (mine != nullptr)
      ++mine->misses;
    return ::operator new(size);
  }
  size = std::size_t{1} << (index + least_bits);
  auto& list = mine->lists[index];
  if (list.first == nullptr) {
    ++mine->misses;
    return ::operator new(size);
  }
  auto block = list.first;
  list.first = block->next;
  list.bytes -= size;
  return block;
}

void block_pool::give_back(void* block, std::size_t size) noexcept {
  auto index = class_of(size);
  auto mine = lists_of_thread();
  if (index >= classes || mine == nullptr
      || mine->lists[index].bytes + size > kept_bytes
      || size != std::size_t{1} << (index + least_bits)) {
    ::operator delete(block);
    return;
  }
  auto& list = mine->lists[index];
  list.first = ::new (block) free_block{list.first};
  list.bytes += size;
}

std::size_t block_pool::misses() noexcept {
  auto mine = lists_of_thread();
  return mine != nullptr ? mine->misses : 0;
}

} // namespace switchboard::net
