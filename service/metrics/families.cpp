#include "service/metrics/families.hpp"

#include <limits>

namespace switchboard::service::metrics {

using prometheus::MetricType;

namespace {

std::vector<prometheus::ClientMetric::Label> to_labels(const labels& from) {
  std::vector<prometheus::ClientMetric::Label> result;
  for (auto& [name, value] : from)
    result.push_back({name, value});
  return result;
}

} // namespace

void families::begin(MetricType type, std::string name, std::string help) {
  prometheus::MetricFamily fresh;
  fresh.name = std::move(name);
  fresh.help = std::move(help);
  fresh.type = type;
  all_.push_back(std::move(fresh));
}

void families::add(double value, const labels& with) {
  prometheus::ClientMetric metric;
  metric.label = to_labels(with);
  if (all_.back().type == MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  all_.back().metric.push_back(std::move(metric));
}

void families::add(const duration_counts& times, const labels& with) {
  prometheus::ClientMetric metric;
  metric.label = to_labels(with);
  auto& histogram = metric.histogram;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < times.counts.size(); ++i) {
    sum += times.counts[i];
    auto bound = i < duration_counts::bounds.size()
                     ? duration_counts::bounds[i]
                     : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({sum, bound});
  }
  histogram.sample_count = sum;
  histogram.sample_sum = std::chrono::duration<double>{times.sum}.count();
  all_.back().metric.push_back(std::move(metric));
}

void families::counter(std::string name, std::string help, double value) {
  begin(MetricType::Counter, std::move(name), std::move(help));
  add(value);
}

void families::gauge(std::string name, std::string help, double value) {
  begin(MetricType::Gauge, std::move(name), std::move(help));
  add(value);
}

} // namespace switchboard::service::metrics
