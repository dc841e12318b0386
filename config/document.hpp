#pragma once

#include <vector>

#include <switchboard/flow_options.hpp>
#include <switchboard/object_store_options.hpp>
#include <switchboard/options.hpp>

namespace switchboard::config {

/// A whole configuration file. Sections that a file leaves out have their
/// defaults: the admin address in particular is served without `[admin]`,
/// whose `at.line` is 0 then.
struct document {
  switchboard_options switchboard;
  admin_options admin;
  log_options log;
  std::vector<flow_options> flows;
  std::vector<object_store_options> object_stores;
};

} // namespace switchboard::config
