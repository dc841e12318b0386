#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <switchboard/statistics.hpp>

#include "flows/engine.hpp"
#include "flows/store/object_stores.hpp"
#include "service/metrics/service_state.hpp"

namespace switchboard::service::metrics {

/// Until when the certificates of a `[tls.NAME]` are good.
struct certificate_expiry {
  std::string tls;
  std::chrono::system_clock::time_point not_after;
};

/// Where the numbers come from. Each is asked at a scrape, on the API's thread;
/// none may block. Unset: there is nothing to tell.
struct sources {
  std::function<switchboard_statistics()> statistics;
  std::function<std::vector<flows::flow_info>()> flows;
  std::function<std::vector<certificate_expiry>()> certificates;
  /// By the stores' names.
  std::function<std::vector<std::pair<std::string, flows::store_statistics>>()>
      object_stores = nullptr;
  std::function<service_state()> service = nullptr;
};

/// All metrics in Prometheus' text format, version 0.0.4. Label values come
/// from the configuration or from fixed lists, never from a peer.
std::string expose(const sources& from);

} // namespace switchboard::service::metrics
