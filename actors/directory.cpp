#include "actors/directory.hpp"

#include <algorithm>
#include <utility>

#include <switchboard/error.hpp>

#include "actors/group_module.hpp"
#include "actors/socket.hpp"

namespace switchboard::actors {

bool compiled_filter::matches_attributes(const socket& who) const {
  auto& attributes = who.handshake();
  if (!config.empty() && attributes.config() != config)
    return false;
  if (type != socket_type_filter::all
      && (type == socket_type_filter::inbound)
             != (attributes.type() == socket_type::inbound))
    return false;
  return !path || path->matches(attributes.relative_path());
}

caf::expected<compiled_filter> compile(const socket_filter& filter) {
  compiled_filter result;
  result.config = filter.config;
  result.type = filter.type;
  result.groups = filter.groups;
  if (!filter.path.empty()) {
    std::string problem;
    result.path = path_pattern::parse(filter.path, &problem);
    if (!result.path)
      return make_error(errc::invalid_argument,
                        "path `" + filter.path + "`: " + problem);
  }
  return result;
}

directory::directory(group_index& groups, std::size_t shard)
    : index_(groups), shard_(shard) {}

directory::~directory() = default;

void directory::add(caf::strong_actor_ptr handle) {
  as_socket(handle).directory_position = sockets_.size();
  sockets_.push_back(std::move(handle));
}

void directory::remove(socket& who) {
  while (!who.memberships.empty())
    leave_at(who, who.memberships.size() - 1);
  auto at = who.directory_position;
  if (at >= sockets_.size() || &as_socket(sockets_[at]) != &who)
    return;
  if (at + 1 != sockets_.size()) {
    std::swap(sockets_[at], sockets_.back());
    as_socket(sockets_[at]).directory_position = at;
  }
  sockets_.pop_back();
}

join_result directory::join(socket& who, const std::string& group) {
  auto config = who.handshake().config();
  auto key = group_key(config, group);
  auto i = groups_.find(key);
  if (i == groups_.end()) {
    if (!index_.shard_joined(key, shard_))
      return join_result::no_room;
    auto made = std::make_unique<local_group>();
    made->config = config;
    made->name = group;
    i = groups_.emplace(std::move(key), std::move(made)).first;
  }
  auto& entry = i->second;
  for (auto& known : who.memberships)
    if (known.group == entry.get())
      return join_result::already;
  who.memberships.push_back({entry.get(), entry->members.size()});
  entry->members.push_back({&who, who.memberships.size() - 1});
  return join_result::joined;
}

bool directory::leave(socket& who, const std::string& group) {
  for (std::size_t slot = 0; slot < who.memberships.size(); ++slot)
    if (who.memberships[slot].group->name == group) {
      leave_at(who, slot);
      return true;
    }
  return false;
}

void directory::leave_at(socket& who, std::size_t slot) {
  auto [group, position] = who.memberships[slot];
  auto& members = group->members;
  if (position + 1 != members.size()) {
    members[position] = members.back();
    auto& moved = members[position];
    moved.who->memberships[moved.slot].position = position;
  }
  members.pop_back();
  if (slot + 1 != who.memberships.size()) {
    who.memberships[slot] = who.memberships.back();
    auto& moved = who.memberships[slot];
    moved.group->members[moved.position].slot = slot;
  }
  who.memberships.pop_back();
  if (members.empty()) {
    auto key = group_key(group->config, group->name);
    index_.shard_left(key, shard_);
    groups_.erase(key);
  }
}

std::vector<group_info> directory::groups(const std::string& config) const {
  std::vector<group_info> result;
  for (auto& [key, group] : groups_)
    if (config.empty() || group->config == config)
      result.push_back({group->config, group->name, group->members.size()});
  return result;
}

bool directory::first_visit(socket& who, std::uint64_t walk) noexcept {
  return std::exchange(who.last_walk, walk) != walk;
}

socket& directory::as_socket(const caf::strong_actor_ptr& handle) noexcept {
  return static_cast<socket&>(*handle->get());
}

local_group* directory::find_group(const std::string& config,
                                   const std::string& name) {
  auto i = groups_.find(group_key(config, name));
  return i == groups_.end() ? nullptr : i->second.get();
}

} // namespace switchboard::actors
