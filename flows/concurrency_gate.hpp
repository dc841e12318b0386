#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <mutex>
#include <unordered_map>

#include <caf/all.hpp>

namespace switchboard::flows {

/// Tells a runner that one of its events that wait may begin.
using granted_atom = caf::atom_constant<caf::atom("granted")>;

/// Lets so many runs of one flow be in work at once, over all shards; the
/// others wait in the order they came. Any thread.
class concurrency_gate {
public:
  static constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

  /// @param limit at least 1.
  explicit concurrency_gate(std::size_t limit) : limit_(limit) {
    // nop
  }

  /// Lets more or fewer be in work from here on; those that are stay.
  void resize(std::size_t limit);

  /// @returns whether a run may begin now; if not, `who` gets `granted_atom`
  ///          when one may.
  bool enter(const caf::actor& who);

  /// A run of `who` is over: its place goes to who waits longest.
  void leave(const caf::actor& who);

  /// Forgets all that `who` waits for, and takes back the places that it has,
  /// whatever became of their runs: it ends.
  void forget(const caf::actor& who);

private:
  /// A place is free.
  void pass_on();

  std::mutex mutex_;
  std::size_t limit_;
  std::size_t inside_ = 0;
  std::deque<caf::actor> waiting_;
  /// Who has how many of the places; one entry for each runner.
  std::unordered_map<caf::actor_id, std::size_t> owners_;
};

} // namespace switchboard::flows
