#pragma once

#include <cstdint>

namespace switchboard::actors {

/// Draws a fraction of a sequence: one at random out of each stretch of
/// 1/fraction. So the number drawn is known within one, and no rhythm of the
/// sequence, such as question and answer, can hide from it.
class tap_sampler {
public:
  /// @param fraction above 0, at most 1.
  /// @param seed of the dice.
  tap_sampler(double fraction, std::uint64_t seed) noexcept
      : width_(1 / fraction), dice_(seed) {}

  /// Whether the next one is drawn.
  bool take() noexcept;

private:
  void begin_stretch() noexcept;

  /// Of a stretch on average.
  double width_;
  std::uint64_t dice_;
  std::uint64_t stretches_ = 0;
  /// Where the stretch at hand ends in the sequence.
  std::uint64_t end_ = 0;
  /// How many of it are still to come.
  std::uint64_t left_ = 0;
  /// `left_` behind the one that is drawn.
  std::uint64_t drawn_ = 0;
};

} // namespace switchboard::actors
