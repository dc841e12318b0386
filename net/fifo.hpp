#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "net/block_pool.hpp"
#include "net/memory_account.hpp"

namespace switchboard::net {

/// A list that grows at its end and mostly shrinks at its start. Has memory
/// only while it holds something, a block of the thread's pool: an empty one
/// costs a pointer, and a busy one does not ask the heap. Pointers to entries
/// are good until the next change.
template <class T>
class fifo {
public:
  fifo() = default;
  fifo(const fifo&) = delete;
  fifo& operator=(const fifo&) = delete;

  ~fifo() {
    clear();
  }

  bool empty() const noexcept {
    return block_ == nullptr;
  }

  std::size_t size() const noexcept {
    return block_ != nullptr ? block_->last - block_->first : 0;
  }

  T* begin() const noexcept {
    return block_ != nullptr ? entries(block_) + block_->first : nullptr;
  }

  T* end() const noexcept {
    return block_ != nullptr ? entries(block_) + block_->last : nullptr;
  }

  /// @pre not empty
  T& front() const noexcept {
    return entries(block_)[block_->first];
  }

  void push_back(T what) {
    if (block_ == nullptr || block_->last == block_->capacity)
      make_room();
    ::new (entries(block_) + block_->last) T{std::move(what)};
    ++block_->last;
  }

  /// @param place `begin()` to `end()`.
  void insert(const T* place, T what) {
    auto index = place - begin();
    push_back(std::move(what));
    std::rotate(begin() + index, end() - 1, end());
  }

  /// @pre not empty
  void pop_front() noexcept {
    front().~T();
    if (++block_->first == block_->last)
      give_back();
  }

  /// Takes out what lies from `first` up to `last`.
  void erase(T* first, T* last) noexcept {
    if (first == last)
      return;
    auto end_now = std::move(last, end(), first);
    std::destroy(end_now, end());
    block_->last = static_cast<std::uint32_t>(end_now - entries(block_));
    if (block_->first == block_->last)
      give_back();
  }

  void clear() noexcept {
    erase(begin(), end());
  }

private:
  static_assert(std::is_nothrow_move_constructible_v<
                    T> && std::is_nothrow_move_assignable_v<T>);

  struct block {
    std::size_t size_bytes;
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t capacity;
  };

  static_assert(alignof(T) <= alignof(block));

  /// Smaller blocks come and go with every message and never last.
  static constexpr std::size_t smallest_accounted = 1024;

  static T* entries(block* where) noexcept {
    return reinterpret_cast<T*>(where + 1);
  }

  /// Slides to the block's start where half of it is free by now, else takes
  /// a block of twice the size: either way an entry is moved once on average.
  void make_room() {
    auto count = size();
    auto from = begin();
    auto to = block_;
    if (block_ == nullptr || 2 * block_->first < block_->capacity) {
      auto size_bytes =
          sizeof(block) + std::max<std::size_t>(2 * count, 1) * sizeof(T);
      auto memory = block_pool::take(size_bytes);
      auto capacity = (size_bytes - sizeof(block)) / sizeof(T);
      to = ::new (memory)
          block{size_bytes, 0, 0, static_cast<std::uint32_t>(capacity)};
      if (size_bytes >= smallest_accounted)
        memory_account::add(size_bytes);
    }
    for (std::size_t i = 0; i < count; ++i) {
      ::new (entries(to) + i) T{std::move(from[i])};
      from[i].~T();
    }
    if (to != block_ && block_ != nullptr)
      give_back();
    block_ = to;
    block_->first = 0;
    block_->last = static_cast<std::uint32_t>(count);
  }

  void give_back() noexcept {
    auto old = std::exchange(block_, nullptr);
    if (old->size_bytes >= smallest_accounted)
      memory_account::subtract(old->size_bytes);
    block_pool::give_back(old, old->size_bytes);
  }

  block* block_ = nullptr;
};

} // namespace switchboard::net
