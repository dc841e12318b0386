#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace switchboard::bench {

/// The times at which unanswered messages were sent, oldest first.
class time_ring {
public:
  void push(std::uint64_t when) {
    if (last_ - first_ == slots_.size())
      grow();
    slots_[last_++ & (slots_.size() - 1)] = when;
  }

  /// @pre `size() > 0`.
  std::uint64_t pop() noexcept {
    return slots_[first_++ & (slots_.size() - 1)];
  }

  std::size_t size() const noexcept {
    return static_cast<std::size_t>(last_ - first_);
  }

private:
  void grow() {
    std::vector<std::uint64_t> wider(slots_.empty() ? 4 : slots_.size() * 2);
    for (auto i = first_; i != last_; ++i)
      wider[i & (wider.size() - 1)] = slots_[i & (slots_.size() - 1)];
    slots_ = std::move(wider);
  }

  std::vector<std::uint64_t> slots_;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
};

} // namespace switchboard::bench
