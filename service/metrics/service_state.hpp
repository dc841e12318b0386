#pragma once

#include <cstdint>

#include "service/metrics/families.hpp"
#include "service/reload_status.hpp"

namespace switchboard::service::metrics {

/// What the program knows of itself beside sockets and flows.
struct service_state {
  reload_status::snapshot reloads;
  /// Whether a drain has begun.
  bool draining = false;
  /// Lines of the log that were not written because they repeat others.
  std::uint64_t left_out_lines = 0;
};

void add_service(families& to, const service_state& what);

} // namespace switchboard::service::metrics
