#include "net/memory_account.hpp"

namespace switchboard::net {

constinit thread_local counter* memory_account::own_ = nullptr;
constinit std::atomic<std::uint64_t> memory_account::elsewhere_{0};

void memory_account::add_elsewhere(std::uint64_t bytes) noexcept {
  elsewhere_.fetch_add(bytes, std::memory_order_relaxed);
}

} // namespace switchboard::net
