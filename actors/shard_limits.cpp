#include "actors/shard_actor.hpp"

#include <algorithm>
#include <utility>
#include <vector>

// What a shard does where limits of the process are reached.

namespace switchboard::actors {

namespace {

/// Who holds less is not what fills the memory.
constexpr std::size_t least_shed = 16 * 1024;

} // namespace

void shard_actor::shed(std::uint64_t bytes) {
  std::vector<std::pair<std::size_t, socket*>> largest;
  for (auto& handle : directory_.all()) {
    auto& who = *static_cast<socket*>(handle->get());
    if (auto held = who.shed_bytes(); held >= least_shed)
      largest.emplace_back(held, &who);
  }
  std::sort(largest.begin(), largest.end(),
            [](auto& x, auto& y) { return x.first > y.first; });
  std::uint64_t freed = 0;
  for (auto& [held, who] : largest) {
    if (freed >= bytes)
      return;
    who->shed();
    home().counters().reached(limit_kind::memory);
    freed += held;
  }
}

void shard_actor::join_default_groups(socket& who,
                                      const std::vector<std::string>& groups) {
  for (auto& group : groups) {
    if (who.memberships.size() >= who.max_groups()) {
      home().counters().reached(limit_kind::groups_per_socket);
      return;
    }
    join_group(who, group);
  }
}

join_result shard_actor::join_group(socket& who, const std::string& group) {
  auto result = directory_.join(who, group);
  if (result == join_result::no_room)
    home().counters().reached(limit_kind::groups);
  return result;
}

} // namespace switchboard::actors
