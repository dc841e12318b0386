#include <boost/json.hpp>

#include "bench/report/results.hpp"

namespace switchboard::bench {

namespace {

namespace json = boost::json;

json::object object_of(const spread& from) {
  return {{"median", from.median}, {"min", from.least}, {"max", from.most}};
}

json::object object_of(const server_result& from) {
  json::object result{{"server", from.server}};
  if (!from.problem.empty()) {
    result["problem"] = from.problem;
    return result;
  }
  result["value"] = object_of(from.value);
  if (from.ratio.median > 0)
    result["ratio"] = object_of(from.ratio);
  if (from.load_busy > 0) {
    result["latency_p50_us"] = from.latency_p50;
    result["latency_p99_us"] = from.latency_p99;
    result["server_cpu_us"] = from.server_cpu;
    result["load_busy"] = from.load_busy;
  }
  return result;
}

json::object object_of(const case_result& from) {
  json::array servers;
  for (const auto& each : from.servers)
    servers.push_back(object_of(each));
  return {{"name", from.name},
          {"scenario", from.scenario},
          {"unit", from.unit},
          {"less_is_better", from.less_is_better},
          {"servers", std::move(servers)}};
}

} // namespace

std::string as_json(const comparison_result& result) {
  json::array left_out;
  for (const auto& each : result.left_out)
    left_out.push_back(json::value(each));
  json::array cases;
  for (const auto& each : result.cases)
    cases.push_back(object_of(each));
  return json::serialize(json::object{{"baseline", result.baseline},
                                      {"rounds", result.rounds},
                                      {"slice_seconds", result.slice_seconds},
                                      {"left_out", std::move(left_out)},
                                      {"cases", std::move(cases)}})
         + '\n';
}

} // namespace switchboard::bench
