#pragma once

#include <caf/abstract_actor.hpp>
#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>

namespace switchboard::flows {

/// Whether an actor of this process takes no more messages. Any thread.
inline bool has_ended(const caf::actor& what) {
  using caf::abstract_actor;
  return caf::actor_cast<abstract_actor*>(what)->getf(
      abstract_actor::is_terminated_flag | abstract_actor::is_cleaned_up_flag);
}

} // namespace switchboard::flows
