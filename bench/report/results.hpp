#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace switchboard::bench {

/// Median and spread of a sample.
struct spread {
  double median = 0;
  double least = 0;
  double most = 0;
};

/// @param sample may be empty: then all is 0.
spread spread_of(std::vector<double> sample);

/// What one server did in one case.
struct server_result {
  std::string server;
  /// Why there are no figures; empty where there are.
  std::string problem;
  /// In the case's unit.
  spread value;
  /// To the baseline of the same round; 0 where that is missing.
  spread ratio;
  /// In us.
  double latency_p50 = 0;
  double latency_p99 = 0;
  /// Processor time of the server for one message, in us; 0 where unknown.
  double server_cpu = 0;
  /// Share of the time that the load's own core was busy.
  double load_busy = 0;
};

struct case_result {
  std::string name;
  std::string scenario;
  /// As in `echoes a second` or `bytes a socket`.
  std::string unit;
  bool less_is_better = false;
  std::vector<server_result> servers;
};

struct comparison_result {
  std::string baseline;
  /// Servers that were left out, and why, a line each.
  std::vector<std::string> left_out;
  std::uint64_t rounds = 0;
  double slice_seconds = 0;
  std::vector<case_result> cases;
};

/// A number with three digits that count: `318 k`, `1.24 M`, `20.1`.
std::string short_number(double value);

/// `1.07 (1.02–1.10)`, or nothing where there is no ratio.
std::string shown_ratio(const spread& ratio);

std::string as_table(const case_result& result, const std::string& baseline);
std::string as_json(const comparison_result& result);
std::string as_svg(const comparison_result& result);

} // namespace switchboard::bench
