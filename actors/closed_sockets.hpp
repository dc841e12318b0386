#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <switchboard/messages.hpp>

#include "actors/directory.hpp"

namespace switchboard::actors {

/// The last sockets that are gone, `post_mortems_kept` of them. The shards add
/// theirs, the registry looks them up. Any thread.
class closed_sockets {
public:
  /// @param what gets its serial number and the time.
  void add(post_mortem&& what);

  /// Those that match, newest first.
  /// @param before only with smaller serial numbers; 0: from the newest.
  closed_list list(const compiled_filter& filter, std::size_t limit,
                   std::uint64_t before) const;

  /// The last with this id.
  std::optional<post_mortem> find(std::string_view socket_id) const;

private:
  /// The entry that was added `age` sockets ago.
  const post_mortem& at(std::size_t age) const;

  mutable std::mutex mutex_;
  /// A ring: the entry of a serial number has a place of its own.
  std::vector<post_mortem> entries_;
  std::uint64_t last_serial_ = 0;
};

class socket;

/// What is to be remembered of a socket that is gone.
post_mortem make_post_mortem(const socket& who, const string_list& groups);

/// The same as names and values of one line in a log.
string_pairs fields_of(const post_mortem& what);

} // namespace switchboard::actors
