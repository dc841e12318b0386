#include "actors/pending_sends.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::actors {

void pending_send::tell_handler(const caf::error& problem) const {
  auto& who = static_cast<pinned_handler&>(
      *caf::actor_cast<caf::abstract_actor*>(handler));
  if (who.deaf())
    return;
  // It is called from the middle of a write: nothing may come through.
  try {
    who.on_sent(id, problem);
  } catch (...) {
    who.fail();
  }
}

void pending_sends::push(pending_send&& what) {
  list_.push_back(std::move(what));
}

std::optional<pending_send> pending_sends::take(net::send_token token) {
  auto found = list_.begin();
  auto end = list_.end();
  if (found == end || found->token != token)
    found = std::lower_bound(
        found, end, token,
        [](auto& entry, net::send_token value) { return entry.token < value; });
  if (found == end || found->token != token)
    return std::nullopt;
  std::optional<pending_send> result{std::move(*found)};
  if (found == list_.begin())
    list_.pop_front();
  else
    list_.erase(found, found + 1);
  return result;
}

} // namespace switchboard::actors
