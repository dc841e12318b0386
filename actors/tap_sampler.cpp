#include "actors/tap_sampler.hpp"

#include <algorithm>
#include <cmath>

namespace switchboard::actors {

namespace {

/// SplitMix64 (Steele, Lea, Flood, 2014).
std::uint64_t roll(std::uint64_t& state) noexcept {
  auto x = state += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

} // namespace

bool tap_sampler::take() noexcept {
  if (left_ == 0)
    begin_stretch();
  return --left_ == drawn_;
}

void tap_sampler::begin_stretch() noexcept {
  auto begin = end_;
  // From the beginning each time, so that nothing adds up what is rounded.
  auto end = std::floor(width_ * static_cast<double>(++stretches_));
  end_ = std::max(begin + 1, static_cast<std::uint64_t>(end));
  left_ = end_ - begin;
  drawn_ = roll(dice_) % left_;
}

} // namespace switchboard::actors
