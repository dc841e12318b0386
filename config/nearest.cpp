#include "config/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace switchboard::config {

namespace {

/// No key is longer; bounds the work that a hostile key can cause.
constexpr std::size_t max_compared = 64;

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::size_t distance(std::string_view x, std::string_view y) {
  x = x.substr(0, max_compared);
  y = y.substr(0, max_compared);
  auto width = y.size() + 1;
  std::vector<std::size_t> cells((x.size() + 1) * width);
  auto at = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return cells[i * width + j];
  };
  for (std::size_t i = 0; i <= x.size(); ++i)
    at(i, 0) = i;
  for (std::size_t j = 0; j <= y.size(); ++j)
    at(0, j) = j;
  for (std::size_t i = 1; i <= x.size(); ++i) {
    for (std::size_t j = 1; j <= y.size(); ++j) {
      auto differs = lower(x[i - 1]) != lower(y[j - 1]);
      auto best = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1,
                            at(i - 1, j - 1) + (differs ? 1 : 0)});
      if (i > 1 && j > 1 && lower(x[i - 1]) == lower(y[j - 2])
          && lower(x[i - 2]) == lower(y[j - 1]))
        best = std::min(best, at(i - 2, j - 2) + 1);
      at(i, j) = best;
    }
  }
  return at(x.size(), y.size());
}

} // namespace

std::string_view nearest(std::string_view word,
                         std::span<const std::string_view> known) {
  std::string_view result;
  auto best = std::numeric_limits<std::size_t>::max();
  for (auto candidate : known) {
    auto steps = distance(word, candidate);
    if (steps < best) {
      best = steps;
      result = candidate;
    }
  }
  return result;
}

} // namespace switchboard::config
