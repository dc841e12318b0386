#include <cstdio>

#include "bench/report/results.hpp"

namespace switchboard::bench {

namespace {

/// Characters of UTF-8 text, for columns.
std::size_t width_of(const std::string& text) {
  std::size_t result = 0;
  for (auto c : text)
    result += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return result;
}

std::string padded(std::string text, std::size_t width) {
  auto has = width_of(text);
  if (has < width)
    text.append(width - has, ' ');
  return text;
}

std::string number(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

} // namespace

std::string as_table(const case_result& result, const std::string& baseline) {
  auto text = result.name + "\n  " + padded("", 26) + padded(result.unit, 26)
              + padded("/ " + baseline, 24) + padded("p50 us", 10)
              + padded("p99 us", 10) + padded("server us", 11) + "load\n";
  for (const auto& each : result.servers) {
    text += "  " + padded(each.server, 26);
    if (!each.problem.empty()) {
      text += each.problem + '\n';
      continue;
    }
    text += padded(short_number(each.value.median), 26)
            + padded(shown_ratio(each.ratio), 24);
    if (each.load_busy > 0)
      text += padded(short_number(each.latency_p50), 10)
              + padded(short_number(each.latency_p99), 10)
              + padded(number(each.server_cpu, "%.2f"), 11)
              + number(100 * each.load_busy, "%.0f %%");
    while (text.ends_with(' '))
      text.pop_back();
    text += '\n';
  }
  return text;
}

} // namespace switchboard::bench
