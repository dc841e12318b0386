#include "bench/report/results.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace switchboard::bench {

spread spread_of(std::vector<double> sample) {
  if (sample.empty())
    return {};
  std::sort(sample.begin(), sample.end());
  auto half = sample.size() / 2;
  auto median = sample.size() % 2 == 1 ? sample[half]
                                       : (sample[half - 1] + sample[half]) / 2;
  return {median, sample.front(), sample.back()};
}

std::string short_number(double value) {
  const char* suffix = "";
  if (value >= 999'500) {
    value /= 1'000'000;
    suffix = " M";
  } else if (value >= 9'995) {
    value /= 1000;
    suffix = " k";
  }
  auto digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  char text[32];
  std::snprintf(text, sizeof text, "%.*f%s", digits, value, suffix);
  return text;
}

std::string shown_ratio(const spread& ratio) {
  if (ratio.median <= 0)
    return {};
  if (ratio.least == ratio.most)
    return short_number(ratio.median);
  return short_number(ratio.median) + " (" + short_number(ratio.least) + "–"
         + short_number(ratio.most) + ")";
}

} // namespace switchboard::bench
