#include "config/values.hpp"

#include <limits>
#include <span>

namespace switchboard::config {

namespace {

__extension__ using wide = unsigned __int128;

struct unit {
  std::string_view name;
  std::uint64_t scale;
};

constexpr unit durations[] = {
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"min", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};

constexpr unit sizes[] = {
    {"B", 1},
    {"KiB", 1024},
    {"MiB", 1024 * 1024},
    {"GiB", 1024 * 1024 * 1024},
};

/// What the two readers call their mistakes.
struct problems {
  std::string_view malformed;
  std::string_view no_unit;
  std::string_view unknown_unit;
  std::string_view too_fine;
  std::string_view too_large;
};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

parsed<std::uint64_t> parse(std::string_view text, std::span<const unit> units,
                            std::uint64_t max, const problems& words) {
  auto fail = [](std::string_view why) {
    return parsed<std::uint64_t>{std::nullopt, why};
  };
  if (text.size() > 1 && text[0] == '-' && is_digit(text[1]))
    return fail("is negative");
  std::size_t pos = 0;
  while (pos < text.size() && is_digit(text[pos]))
    ++pos;
  auto whole = text.substr(0, pos);
  std::string_view fraction;
  if (pos < text.size() && text[pos] == '.') {
    auto begin = ++pos;
    while (pos < text.size() && is_digit(text[pos]))
      ++pos;
    fraction = text.substr(begin, pos - begin);
    if (fraction.empty())
      return fail(words.malformed);
  }
  if (whole.empty())
    return fail(words.malformed);
  auto name = text.substr(pos);
  if (name.empty())
    return fail(words.no_unit);
  const unit* found = nullptr;
  for (auto& candidate : units)
    if (candidate.name == name)
      found = &candidate;
  if (found == nullptr)
    return fail(words.unknown_unit);
  while (!fraction.empty() && fraction.back() == '0')
    fraction.remove_suffix(1);
  // The finest unit's thousandth is far coarser than 18 decimals.
  if (fraction.size() > 18)
    return fail(words.too_fine);
  wide result = 0;
  for (auto c : whole) {
    result = result * 10 + static_cast<wide>(c - '0');
    if (result > max)
      return fail(words.too_large);
  }
  result *= found->scale;
  wide numerator = 0;
  wide denominator = 1;
  for (auto c : fraction) {
    numerator = numerator * 10 + static_cast<wide>(c - '0');
    denominator *= 10;
  }
  numerator *= found->scale;
  if (numerator % denominator != 0)
    return fail(words.too_fine);
  result += numerator / denominator;
  if (result > max)
    return fail(words.too_large);
  return {static_cast<std::uint64_t>(result), {}};
}

} // namespace

parsed<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr auto max = std::chrono::nanoseconds{max_duration}.count();
  auto result =
      parse(text, durations, static_cast<std::uint64_t>(max),
            {"is not a duration", "has no unit", "has no known unit",
             "is finer than a nanosecond", "is longer than a hundred years"});
  if (!result.value)
    return {std::nullopt, result.problem};
  return {std::chrono::nanoseconds{static_cast<std::int64_t>(*result.value)},
          {}};
}

parsed<std::uint64_t> parse_size(std::string_view text) {
  return parse(text, sizes, std::numeric_limits<std::int64_t>::max(),
               {"is not a size", "has no unit", "has no known unit",
                "is no whole number of bytes", "is too large"});
}

} // namespace switchboard::config
