#pragma once

#include <cstddef>

#include "net/block_pool.hpp"

namespace switchboard::net {

/// Takes the memory of containers and of shared objects from the thread's
/// `block_pool`. Any thread may give it back.
template <class T>
class pool_allocator {
public:
  using value_type = T;

  pool_allocator() = default;

  template <class U>
  pool_allocator(const pool_allocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    auto size = count * sizeof(T);
    return static_cast<T*>(block_pool::take(size));
  }

  void deallocate(T* what, std::size_t count) noexcept {
    block_pool::give_back(what, count * sizeof(T));
  }

  friend bool operator==(const pool_allocator&,
                         const pool_allocator&) noexcept {
    return true;
  }

private:
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
};

} // namespace switchboard::net
