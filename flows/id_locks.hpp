#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/all.hpp>

namespace switchboard::flows {

/// Tells a runner that a job of its has its message's id for itself now; the
/// job's number comes with it.
using unlocked_atom = caf::atom_constant<caf::atom("unlocked")>;

/// Lets one run at a time work on messages of one id, over all shards of a
/// flow; the others wait in the order they came. Any thread, none is blocked.
class id_locks {
public:
  enum class outcome : std::uint8_t {
    /// The id is the job's, until `leave`.
    entered,
    /// It gets `unlocked_atom` when it is.
    waits,
    /// Too many wait for that id.
    full,
  };

  /// Jobs that may wait for one id.
  static constexpr std::size_t most_waiting = 1024;

  outcome enter(const std::string& id, const caf::actor& who,
                std::uint64_t job);

  /// Its holder is done: the id goes to who waits longest.
  void leave(const std::string& id);

  /// A job has given up waiting; or, where the id was given to it just now,
  /// is done with it.
  void withdraw(const std::string& id, const caf::actor& who,
                std::uint64_t job);

  /// All that `who` holds or waits for: it ends.
  void forget(const caf::actor& who);

private:
  struct ticket {
    caf::actor who;
    std::uint64_t job = 0;

    friend bool operator==(const ticket&, const ticket&) = default;
  };

  struct line {
    ticket holder;
    std::vector<ticket> waiting;
  };

  using line_map = std::unordered_map<std::string, line>;

  /// Gives an id on.
  /// @returns the line behind it.
  line_map::iterator pass_on(line_map::iterator at);

  std::mutex mutex_;
  line_map lines_;
};

} // namespace switchboard::flows
