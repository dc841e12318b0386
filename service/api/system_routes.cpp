#include "service/api/ask.hpp"
#include "service/api/json.hpp"
#include "service/api/openapi.hpp"
#include "service/api/problem.hpp"
#include "service/api/routes.hpp"

namespace switchboard::service::api {

namespace {

outcome configs(const request&, const backend&) {
  return ask<config_list>(list_configs_request{}, [](const config_list& found) {
    boost::json::array configs;
    for (auto& config : found.configs)
      configs.push_back(to_json(config));
    boost::json::object body;
    body["configs"] = std::move(configs);
    return json_answer(200, body);
  });
}

outcome flows(const request&, const backend& served) {
  boost::json::object body;
  body["flows"] = served.flows();
  return json_answer(200, body);
}

outcome healthy(const request&, const backend&) {
  boost::json::object body;
  body["status"] = "alive";
  return json_answer(200, body);
}

outcome ready(const request&, const backend& served) {
  if (auto reason = served.not_ready())
    return problem(503, *reason);
  boost::json::object body;
  body["status"] = "ready";
  return json_answer(200, body);
}

outcome metrics(const request&, const backend& served) {
  return answer{200, std::string{metrics_type}, served.metrics(), {}};
}

outcome description(const request&, const backend&) {
  return json_answer(200, openapi());
}

} // namespace

std::vector<route> system_routes() {
  return {
      {"GET",
       "/v1/configs",
       "listConfigs",
       "List configurations",
       "With their listeners and counters.",
       {},
       {},
       body_kind::none,
       {{200, "The configurations.", "ConfigList"}},
       false,
       configs},
      {"GET",
       "/v1/flows",
       "listFlows",
       "List flows",
       "With their counters.",
       {},
       {},
       body_kind::none,
       {{200, "The flows.", "FlowList"}},
       false,
       flows,
       false},
      {"GET",
       "/healthz",
       "getHealth",
       "Whether the process is alive",
       "Needs no token.",
       {},
       {},
       body_kind::none,
       {{200, "It is.", "Status"}},
       true,
       healthy,
       false},
      {"GET",
       "/readyz",
       "getReadiness",
       "Whether the switchboard is ready",
       "Every listener is bound, the flows run and nothing is being shut down. "
       "Needs no token.",
       {},
       {},
       body_kind::none,
       {{200, "It is.", "Status"}, {503, "It is not, and why.", "Problem"}},
       true,
       ready,
       false},
      {"GET",
       "/metrics",
       "getMetrics",
       "Metrics for Prometheus",
       "In its text format. Asks no shard.",
       {},
       {},
       body_kind::none,
       {{200, "What was counted since the start.", "Metrics"}},
       false,
       metrics,
       false},
      {"GET",
       "/openapi.json",
       "getDescription",
       "This description",
       "OpenAPI 3.1.",
       {},
       {},
       body_kind::none,
       {{200, "This document.", "Document"}},
       false,
       description,
       false},
  };
}

} // namespace switchboard::service::api
