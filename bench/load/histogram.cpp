#include "bench/load/histogram.hpp"

#include <algorithm>

namespace switchboard::bench {

void histogram::add(const histogram& other) noexcept {
  for (std::size_t i = 0; i < counts_.size(); ++i)
    counts_[i] += other.counts_[i];
  total_ += other.total_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t histogram::upper_end(std::size_t index) noexcept {
  if (index < 2 * per_octave)
    return index;
  auto shift = index / per_octave - 1;
  auto upper = static_cast<std::uint64_t>(index - shift * per_octave);
  return ((upper + 1) << shift) - 1;
}

std::uint64_t histogram::quantile(double share) const noexcept {
  auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (counts_[i] > 0 && seen >= wanted)
      return std::min(upper_end(i), max_);
  }
  return max_;
}

} // namespace switchboard::bench
