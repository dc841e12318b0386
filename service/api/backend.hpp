#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/json.hpp>

#include <switchboard/interfaces.hpp>

#include "net/tls_source.hpp"

namespace switchboard::service::api {

/// What the API is served from.
struct backend {
  registry_actor registry;
  /// Why the switchboard is not ready; `nullopt` where it is. Called on the
  /// API's thread; must not block.
  std::function<std::optional<std::string>()> not_ready;
  /// The flows, as `GET /v1/flows` shows them. Called on the API's thread;
  /// must not block.
  std::function<boost::json::array()> flows;
  /// Null: HTTP.
  std::shared_ptr<const net::tls_source> tls;
};

} // namespace switchboard::service::api
