#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <caf/all.hpp>

namespace switchboard::actors {

/// Name of our group module.
inline constexpr const char* group_module_name = "switchboard";

/// A group's identifier: `config/group`, a slash or percent sign in the
/// configuration's name percent-encoded.
std::string group_key(std::string_view config, std::string_view group);

/// Which shards have members of which group, and which actors besides
/// sockets joined. Holds groups with members only, so that names cannot pile
/// up. Any thread.
class group_index {
public:
  /// Who hears of what is sent to a group.
  struct audience {
    std::vector<caf::strong_actor_ptr> shards;
    std::vector<caf::strong_actor_ptr> others;
  };

  /// @param count groups that may have members on some shard at a time. Where
  ///        there are more already they stay.
  void set_limit(std::size_t count);

  /// Tells the index where to reach a shard.
  void set_shard(std::size_t shard, caf::strong_actor_ptr actor);

  /// Lets go of all actors.
  void clear();

  /// @returns false where the group would be new and is one too many.
  bool shard_joined(const std::string& key, std::size_t shard);
  void shard_left(const std::string& key, std::size_t shard);

  /// @returns false where the actor was in the group already.
  bool join(const std::string& key, caf::strong_actor_ptr who);
  void leave(const std::string& key, const caf::actor_control_block* who);

  audience of(const std::string& key) const;

  /// Groups with members.
  std::size_t size() const;

private:
  struct entry {
    std::vector<std::size_t> shards;
    std::vector<caf::strong_actor_ptr> others;

    bool empty() const noexcept {
      return shards.empty() && others.empty();
    }
  };

  std::size_t limit_ = std::numeric_limits<std::size_t>::max();
  mutable std::mutex mutex_;
  std::vector<caf::strong_actor_ptr> shards_;
  std::unordered_map<std::string, entry> entries_;
};

/// Sockets' groups as groups of CAF. What is sent to one goes to each shard
/// that has members once, and to each other member: a `payload` is written
/// to the sockets, a `socket_close` closes them. Owned by an instance and not
/// by the actor system, whose modules are made before there is a system.
class group_module final : public caf::group_module {
public:
  explicit group_module(caf::actor_system& system);

  void stop() override;

  /// A group exists as soon as it is named; only its members cost memory.
  caf::expected<caf::group> get(const std::string& key) override;

  caf::error load(caf::deserializer& source, caf::group& storage) override;

  group_index& index() noexcept {
    return *index_;
  }

private:
  /// Shared with the groups, which handles may keep alive for longer.
  std::shared_ptr<group_index> index_;
};

/// What a shard gets for each message to a group.
struct group_delivery {
  std::string key;
  caf::message content;
};

} // namespace switchboard::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::group_delivery)
