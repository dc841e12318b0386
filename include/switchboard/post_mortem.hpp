#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <switchboard/attributes.hpp>

namespace switchboard {

/// How many sockets that are gone are remembered.
inline constexpr std::size_t post_mortems_kept = 1000;

/// What is known of a socket that is gone. Text that a peer chose is cut, so
/// that all of them together stay below a few MiB.
struct post_mortem {
  /// Counts up with each socket that ends; from 1.
  std::uint64_t serial = 0;
  std::string socket_id;
  socket_type type = socket_type::inbound;
  std::string config;
  /// Full path, without query; cut at 512 bytes.
  std::string path;
  /// Below the base path; cut alike.
  std::string relative_path;
  /// "WS" or "WSS"
  std::string scheme;
  std::string local_address;
  std::string remote_address;
  std::string subprotocol;
  /// Cut at 256 bytes.
  std::string user_agent;
  /// At the end; at most 32.
  string_list groups;
  /// Of the first connection.
  caf::timestamp opened_at;
  caf::timestamp closed_at;
  std::uint32_t generation = 0;
  close_outcome outcome;
  socket_counters counters;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, post_mortem& x) {
    return f(caf::meta::type_name("post_mortem"), x.serial, x.socket_id, x.type,
             x.config, x.path, x.relative_path, x.scheme, x.local_address,
             x.remote_address, x.subprotocol, x.user_agent, x.groups,
             x.opened_at, x.closed_at, x.generation, x.outcome, x.counters);
  }
};

} // namespace switchboard
