#pragma once

#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include <switchboard/statistics.hpp>

namespace switchboard::service::metrics {

/// Names and values of a metric's labels.
using labels = std::vector<std::pair<std::string, std::string>>;

/// Collects metrics of one name each.
class families {
public:
  /// Begins a metric; what is added belongs to it until the next.
  void begin(prometheus::MetricType type, std::string name, std::string help);

  /// Adds a counter's or a gauge's value, whichever was begun.
  void add(double value, const labels& with = {});

  void add(const duration_counts& times, const labels& with);

  /// A counter without labels.
  void counter(std::string name, std::string help, double value);

  /// A gauge without labels.
  void gauge(std::string name, std::string help, double value);

  const std::vector<prometheus::MetricFamily>& all() const noexcept {
    return all_;
  }

private:
  std::vector<prometheus::MetricFamily> all_;
};

/// The figures of the process itself, under the names that all of Prometheus'
/// clients use.
void add_process(families& to);

} // namespace switchboard::service::metrics
