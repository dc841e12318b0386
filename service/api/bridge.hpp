#pragma once

#include <caf/all.hpp>

#include "service/api/http.hpp"

namespace switchboard::service::api {

/// Starts the actor `switchboard.api`, which asks the registry for the HTTP
/// side. Ends by an exit message only.
bridge_actor spawn_bridge(caf::actor_system& system, registry_actor registry);

} // namespace switchboard::service::api
