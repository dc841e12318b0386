#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace switchboard::bench {

/// Counts of durations in log-linear buckets, as HDR histograms have them: 64
/// buckets for each power of two, so that a value is known to 1.6 %. Takes 31
/// KiB whatever it holds; records without branching on the value's size.
class histogram {
public:
  /// @param value in ns.
  void record(std::uint64_t value, std::uint64_t times = 1) noexcept {
    counts_[index_of(value)] += times;
    total_ += times;
    if (value > max_)
      max_ = value;
  }

  void add(const histogram& other) noexcept;
  std::uint64_t total() const noexcept {
    return total_;
  }
  std::uint64_t max() const noexcept {
    return max_;
  }

  /// @param share in [0, 1], as in 0.99.
  /// @returns ns, the upper end of the bucket; 0 for an empty histogram.
  std::uint64_t quantile(double share) const noexcept;

private:
  static constexpr int linear_bits = 6;
  static constexpr std::size_t per_octave = std::size_t{1} << linear_bits;

  // Values below 128 stand for themselves; from there on an index holds how
  // far the value was shifted and its upper seven bits.
  static std::size_t index_of(std::uint64_t value) noexcept {
    auto shift = 63 - std::countl_zero(value | per_octave) - linear_bits;
    return static_cast<std::size_t>(shift) * per_octave
           + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t upper_end(std::size_t index) noexcept;

  std::array<std::uint64_t, (64 - linear_bits + 1) * per_octave> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace switchboard::bench
