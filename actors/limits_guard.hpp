#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/limit_options.hpp>
#include <switchboard/pinned.hpp>
#include <switchboard/statistics.hpp>
#include <switchboard/switchboard.hpp>

#include "net/listener.hpp"

namespace switchboard::actors {

/// Memory that is to be let go of. To a shard's actor: it closes the sockets
/// with most in queues and buffers, one after another, until that much is free.
/// Not answered.
struct shed_memory {
  std::uint64_t bytes = 0;
};

/// Other limits from now on. To a guard. Not answered.
struct change_limits {
  limit_options limits;
};

/// What is to be done about memory.
struct memory_verdict {
  /// Whether new sockets are refused.
  bool full = false;
  /// What each shard is to let go of, in bytes, by its part in the whole.
  std::vector<std::uint64_t> shed;
};

/// Judges what is held against the limit. What is let go of is a sixteenth of
/// the limit more than is too much, so that the next message is not too much
/// again.
/// @param held by each shard; single ones may be below zero, see
///        `net::memory_account`.
/// @param elsewhere by other threads.
/// @param queued in the send queues of each shard: one whose count is below
///        zero, because others made what it has written, still has its share.
memory_verdict judge_memory(const std::vector<std::int64_t>& held,
                            std::int64_t elsewhere, std::size_t limit,
                            const std::vector<std::uint64_t>& queued = {});

/// Decides which limits a log is told of: each once, and not again within a
/// minute.
class limit_notices {
public:
  using time_point = caf::actor_clock::time_point;

  static constexpr std::chrono::minutes quiet{1};

  /// @param counts since the start, by limit.
  /// @returns the limits to tell of and how often each was reached since it was
  ///          told of last.
  std::vector<switchboard_statistics::named_count>
  take(const std::vector<switchboard_statistics::named_count>& counts,
       time_point now);

private:
  struct entry {
    std::uint64_t told = 0;
    std::optional<time_point> when;
  };

  std::map<std::string, entry> entries_;
};

/// What a guard watches.
struct limits_guard_setup {
  struct memory {
    std::vector<std::int64_t> shards;
    std::int64_t elsewhere = 0;
    std::vector<std::uint64_t> queued = {};
  };

  std::vector<caf::strong_actor_ptr> shards;
  std::function<memory()> held;
  std::function<std::vector<switchboard_statistics::named_count>()> reached;
  limit_options limits;
  std::shared_ptr<net::admission> entry;
  report_function on_report;
};

/// How often a guard looks at memory.
inline constexpr std::chrono::milliseconds guard_interval{100};

/// Adds up what the shards have counted, ten times a second: refuses new
/// sockets and has queues let go while there is too much memory in use, and
/// tells the log, once a second, which limits were reached. Pinned to a shard,
/// because CAF's own workers look for work for a while whenever they have had
/// some.
class limits_guard final : public pinned<caf::event_based_actor> {
public:
  limits_guard(caf::actor_config& config, limits_guard_setup setup);

  const char* name() const override;

protected:
  caf::behavior make_behavior() override;

private:
  void look_at_memory();
  void tell_limits();

  limits_guard_setup setup_;
  limit_notices notices_;
  std::uint64_t ticks_ = 0;
};

} // namespace switchboard::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::change_limits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::actors::shed_memory)
