#include "actors/pending_sends.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::actors {

namespace {

/// An idle socket keeps no more than this many entries' memory.
constexpr std::size_t idle_capacity = 2;

} // namespace

void pending_send::tell_handler(const caf::error& problem) const {
  auto& who = static_cast<pinned_handler&>(
      *caf::actor_cast<caf::abstract_actor*>(handler));
  if (!who.deaf())
    who.on_sent(id, problem);
}

void pending_sends::push(pending_send&& what) {
  if (!list_)
    list_ = std::make_unique<list>();
  list_->entries.push_back(std::move(what));
}

std::optional<pending_send> pending_sends::take(net::send_token token) {
  if (!list_)
    return std::nullopt;
  auto& [entries, head] = *list_;
  auto first = entries.begin() + static_cast<std::ptrdiff_t>(head);
  auto found = first;
  if (first == entries.end() || first->token != token)
    found = std::lower_bound(
        first, entries.end(), token,
        [](auto& entry, net::send_token value) { return entry.token < value; });
  if (found == entries.end() || found->token != token)
    return std::nullopt;
  auto result = std::move(*found);
  if (found == first)
    ++head;
  else
    entries.erase(found);
  if (head == entries.size()) {
    entries.clear();
    head = 0;
    if (entries.capacity() > idle_capacity)
      std::vector<pending_send>{}.swap(entries);
  } else if (head > 64 && head * 2 > entries.size()) {
    entries.erase(entries.begin(),
                  entries.begin() + static_cast<std::ptrdiff_t>(head));
    head = 0;
  }
  return result;
}

} // namespace switchboard::actors
