#include "service/reload_status.hpp"

#include <algorithm>

namespace switchboard::service {

reload_status::reload_status(time_point started) {
  state_.last_success = started;
}

void reload_status::note(const reload_outcome& what, time_point now) {
  using status = reload_outcome::status;
  if (what.dry_run)
    return;
  std::lock_guard guard{mutex_};
  switch (what.what) {
    case status::refused:
      ++state_.refused;
      return;
    case status::done:
      ++state_.applied;
      state_.successful = true;
      state_.last_success = now;
      state_.waiting = static_cast<std::size_t>(std::count_if(
          what.changes.begin(), what.changes.end(), [](auto& change) {
            return change.effect == config::reload_effect::needs_restart;
          }));
      return;
    default:
      ++state_.failed;
      state_.successful = false;
  }
}

reload_status::snapshot reload_status::now() const {
  std::lock_guard guard{mutex_};
  return state_;
}

} // namespace switchboard::service
