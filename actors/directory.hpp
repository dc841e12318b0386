#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/messages.hpp>
#include <switchboard/path_pattern.hpp>

namespace switchboard::actors {

class group_index;
class socket;
struct local_group;

/// A socket's place in a group, and the group's in the socket.
struct membership {
  local_group* group = nullptr;
  /// Position in the group's members.
  std::size_t position = 0;
};

/// The sockets of one shard that are in one group.
struct local_group {
  struct member {
    socket* who = nullptr;
    /// Position in the socket's memberships.
    std::size_t slot = 0;
  };

  std::string config;
  std::string name;
  std::vector<member> members;
};

/// What became of a wish to join a group.
enum class join_result : std::uint8_t {
  joined,
  /// It was in the group already.
  already,
  /// The group would be new, and there are as many as there may be.
  no_room,
};

/// A socket filter, ready to be applied a thousand times.
struct compiled_filter {
  std::string config;
  std::optional<path_pattern> path;
  socket_type_filter type = socket_type_filter::all;
  std::vector<std::string> groups;

  /// Whether a socket matches; its groups are not looked at.
  bool matches_attributes(const socket& who) const;

  /// The same for a socket of the configuration that it names.
  bool matches_member(const socket& who) const {
    return (type == socket_type_filter::all && !path)
           || matches_attributes(who);
  }
};

/// @returns INVALID_ARGUMENT for a pattern that cannot be read.
caf::expected<compiled_filter> compile(const socket_filter& filter);

/// Which sockets a shard has and which groups they are in. Plain arrays, one
/// thread.
class directory {
public:
  explicit directory(group_index& groups, std::size_t shard);

  ~directory();

  void add(caf::strong_actor_ptr handle);

  /// Takes a socket out, and out of its groups.
  void remove(socket& who);

  join_result join(socket& who, const std::string& group);

  /// @returns false where it was not in the group.
  bool leave(socket& who, const std::string& group);

  /// Calls `visit` once for every socket that matches. `visit` may not
  /// remove sockets.
  template <class Visitor>
  void visit(const compiled_filter& filter, Visitor&& visit);

  const std::vector<caf::strong_actor_ptr>& all() const noexcept {
    return sockets_;
  }

  std::vector<group_info> groups(const std::string& config) const;

private:
  void leave_at(socket& who, std::size_t slot);

  /// Marks a socket as visited by the walk at hand.
  static bool first_visit(socket& who, std::uint64_t walk) noexcept;

  static socket& as_socket(const caf::strong_actor_ptr& handle) noexcept;

  local_group* find_group(const std::string& config, const std::string& name);

  group_index& index_;
  std::size_t shard_;
  std::vector<caf::strong_actor_ptr> sockets_;
  std::unordered_map<std::string, std::unique_ptr<local_group>> groups_;
  std::uint64_t walks_ = 0;
};

template <class Visitor>
void directory::visit(const compiled_filter& filter, Visitor&& visit) {
  if (filter.groups.empty()) {
    for (auto& handle : sockets_)
      if (auto& who = as_socket(handle); filter.matches_attributes(who))
        visit(who);
    return;
  }
  auto walk = ++walks_;
  auto several = filter.groups.size() > 1;
  auto walk_group = [&](local_group& group) {
    for (auto& entry : group.members)
      if (filter.matches_member(*entry.who)
          && (!several || first_visit(*entry.who, walk)))
        visit(*entry.who);
  };
  for (auto& name : filter.groups) {
    if (!filter.config.empty()) {
      if (auto group = find_group(filter.config, name))
        walk_group(*group);
      continue;
    }
    for (auto& [key, group] : groups_)
      if (group->name == name)
        walk_group(*group);
  }
}

} // namespace switchboard::actors
