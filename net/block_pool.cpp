#include "net/block_pool.hpp"

namespace switchboard::net {

constinit thread_local block_pool::free_lists* block_pool::mine_ = nullptr;

namespace {

/// Whether this thread's lists are gone already: blocks may outlive them.
constinit thread_local bool ended = false;

constinit thread_local std::size_t missed = 0;

} // namespace

struct block_pool::thread_lists {
  free_lists lists;

  thread_lists() {
    mine_ = &lists;
  }

  ~thread_lists() {
    mine_ = nullptr;
    ended = true;
    for (auto& list : lists)
      while (list.first != nullptr) {
        auto block = list.first;
        list.first = block->next;
        ::operator delete(block);
      }
  }

  /// Makes the lists of a thread that has none yet.
  static void begin() {
    if (mine_ == nullptr && !ended)
      thread_local thread_lists mine;
  }
};

void* block_pool::take_new(std::size_t& size, std::size_t index) {
  thread_lists::begin();
  ++missed;
  // Of its class's size even where this thread keeps none any more: another
  // may.
  if (index < classes)
    size = size_of(index);
  return ::operator new(size);
}

void block_pool::give_away(void* block, std::size_t index) noexcept {
  thread_lists::begin();
  if (mine_ == nullptr || index >= classes
      || (*mine_)[index].bytes >= kept_bytes) {
    ::operator delete(block);
    return;
  }
  auto& list = (*mine_)[index];
  list.first = ::new (block) free_block{list.first};
  list.bytes += size_of(index);
}

std::size_t block_pool::misses() noexcept {
  return missed;
}

} // namespace switchboard::net
