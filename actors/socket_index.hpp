#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include <caf/all.hpp>

namespace switchboard::actors {

/// Every open socket by its id. Each shard enters and removes its own, the
/// registry looks them up: a new socket costs no message and wakes nobody.
/// Keeps the ids of outbound sockets from when somebody asks for one until it
/// is gone, so that two never share one. Any thread.
class socket_index {
public:
  /// @param handle a `socket` whose id is not known yet.
  void add(caf::strong_actor_ptr handle);

  void remove(std::string_view id);

  /// Keeps an id that a caller chose for a socket yet to be opened.
  /// @returns false where it is in use.
  bool reserve(const std::string& id);

  /// Gives up a reservation; `remove` does as well.
  void release(const std::string& id);

  /// @returns null where no socket has the id.
  caf::strong_actor_ptr find(std::string_view id) const;

private:
  /// Sockets are found by their ids, which their handshakes hold already.
  struct hash {
    using is_transparent = void;

    // Not noexcept: makes libstdc++ keep the hash in the node, where it costs
    // nothing and spares a look at the sockets of a bucket.
    std::size_t operator()(std::string_view id) const;
    std::size_t operator()(const caf::strong_actor_ptr& socket) const;
  };

  struct equal {
    using is_transparent = void;

    bool operator()(const caf::strong_actor_ptr& x,
                    const caf::strong_actor_ptr& y) const noexcept;
    bool operator()(std::string_view id,
                    const caf::strong_actor_ptr& socket) const noexcept;
    bool operator()(const caf::strong_actor_ptr& socket,
                    std::string_view id) const noexcept;
  };

  mutable std::mutex mutex_;
  std::unordered_set<caf::strong_actor_ptr, hash, equal> sockets_;
  /// Of outbound sockets, opening or open.
  std::unordered_set<std::string, hash, std::equal_to<>> reserved_;
};

} // namespace switchboard::actors
