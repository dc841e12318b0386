#include "actors/token_expiries.hpp"

#include <algorithm>

namespace switchboard::actors {

void token_expiries::set(socket& who, clock::time_point when) {
  forget(who);
  by_time_.emplace(when, &who);
  by_socket_.emplace(&who, when);
  arm();
}

void token_expiries::forget(socket& who) {
  auto i = by_socket_.find(&who);
  if (i == by_socket_.end())
    return;
  by_time_.erase({i->second, &who});
  by_socket_.erase(i);
  // A timer that comes for nothing arms itself again, or not.
}

void token_expiries::on_timer() {
  auto now = clock::now();
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    auto who = by_time_.begin()->second;
    forget(*who);
    expired_(*who);
  }
  if (!by_time_.empty())
    arm();
}

void token_expiries::arm() {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(
      by_time_.begin()->first - clock::now());
  loop_.arm(*this, loop_.now()
                       + std::clamp<std::chrono::milliseconds>(
                           left, std::chrono::milliseconds{1}, longest_sleep));
}

} // namespace switchboard::actors
