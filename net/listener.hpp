#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/error_code.hpp>

#include <switchboard/options.hpp>
#include <switchboard/path_pattern.hpp>
#include <switchboard/peer_certificate.hpp>

#include "net/address_counts.hpp"
#include "net/connection.hpp"
#include "net/handshake.hpp"
#include "net/token_bucket.hpp"
#include "net/unique_fd.hpp"
#include "net/wire.hpp"

namespace switchboard::net {

class authentication_source;
class tls_source;
struct identity;

/// What all listeners of a process ask before they let somebody in.
struct admission {
  /// Whether memory has run out.
  std::atomic<bool> full{false};
};

/// Limits that a listener can run into.
enum class listener_limit : std::uint8_t {
  connections,
  connections_per_address,
  handshakes,
  connection_rate,
  memory,
  /// Descriptors or memory of the kernel.
  descriptors,
};

/// What the shards of one listener share.
struct listener_state {
  /// @param older whose place it takes: their connections count as well.
  explicit listener_state(
      http_listener_options what,
      std::shared_ptr<const tls_source> encryption = {},
      std::shared_ptr<const admission> asked = {},
      std::shared_ptr<const listener_state> older = {},
      std::shared_ptr<const authentication_source> credentials = {})
      : options(std::move(what)),
        tls(std::move(encryption)),
        authentication(std::move(credentials)),
        entry(std::move(asked)),
        before(with_connections(older)),
        handshakes_per_shard(options.max_handshakes),
        addresses(older ? older->addresses
                        : std::make_shared<address_counts>()) {}

  bool limits_addresses() const noexcept {
    return options.max_connections_per_address
           != std::numeric_limits<std::size_t>::max();
  }

  /// Whether trouble with accepting is to be told: once a minute for all
  /// shards, and once more.
  bool tells_trouble(clock::time_point now) noexcept;

  /// The same for credentials that do not do.
  bool tells_credentials(clock::time_point now) const noexcept;

  const http_listener_options options;
  /// Null: plain TCP.
  const std::shared_ptr<const tls_source> tls;
  /// Null: anybody may come.
  const std::shared_ptr<const authentication_source> authentication;
  /// Null: nobody is asked.
  const std::shared_ptr<const admission> entry;
  /// The options that were in force when some of the open connections came;
  /// null where there are none of these.
  const std::shared_ptr<const listener_state> before;
  /// Connections of a shard that may be on their way to a WebSocket; further
  /// ones wait in the system's queue. Set before the first is accepted.
  std::size_t handshakes_per_shard;
  /// Open connections, handshakes included.
  std::atomic<std::size_t> connections{0};
  /// Connections over the limit that are being told so.
  std::atomic<std::size_t> refusals{0};
  /// By address, where `limits_addresses`.
  const std::shared_ptr<address_counts> addresses;
  /// Of `max_connection_rate`.
  shared_token_bucket rate;

  /// Open connections of the listener, whatever options they came under.
  std::size_t all_connections() const noexcept {
    std::size_t result = 0;
    for (auto state = this; state != nullptr; state = state->before.get())
      result += state->connections.load(std::memory_order_relaxed);
    return result;
  }

private:
  /// The newest of them that has connections: one that has none gets none.
  static std::shared_ptr<const listener_state>
  with_connections(std::shared_ptr<const listener_state> newest) noexcept {
    while (newest && newest->connections.load(std::memory_order_relaxed) == 0)
      newest = newest->before;
    return newest;
  }

  std::atomic<clock::rep> quiet_until_{0};
  mutable std::atomic<clock::rep> credentials_quiet_until_{0};
};

/// Counts one connection of a listener for as long as it lives.
class connection_lease {
public:
  using counter = std::atomic<std::size_t> listener_state::*;

  connection_lease() = default;

  connection_lease(std::shared_ptr<listener_state> state, counter which)
      : state_(std::move(state)), which_(which) {
    ((*state_).*which_).fetch_add(1, std::memory_order_relaxed);
  }

  connection_lease(connection_lease&&) noexcept = default;

  connection_lease& operator=(connection_lease&& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(which_, other.which_);
    std::swap(place_, other.place_);
    return *this;
  }

  /// Holds the connection's place among those of its address as well.
  void hold(std::unique_ptr<address_place> place) noexcept {
    place_ = std::move(place);
  }

  ~connection_lease() {
    if (state_)
      ((*state_).*which_).fetch_sub(1, std::memory_order_relaxed);
  }

private:
  std::shared_ptr<listener_state> state_;
  counter which_ = nullptr;
  std::unique_ptr<address_place> place_;
};

/// Where a request leads to.
struct upgrade_route {
  std::shared_ptr<const connection_options> connection;
  /// In order of preference.
  std::vector<std::string> subprotocols;
  path_params uri_params;
  /// The path below the base path.
  std::string relative_path;
  /// The delegate's own.
  std::shared_ptr<const void> context;
};

/// A finished handshake.
struct upgraded {
  std::unique_ptr<wire> stream;
  http_request request;
  upgrade_route route;
  std::string subprotocol;
  std::optional<deflate_agreement> compression;
  /// Empty where the peer has shown none.
  peer_certificate certificate;
  /// Null: nobody was asked.
  std::shared_ptr<const identity> who;
  /// `address:port`
  std::string local_address;
  /// `address:port`; only the address where a trusted proxy told it.
  std::string remote_address;
  /// What the peer sent behind its request.
  std::vector<std::byte> received;
  connection_lease lease;
};

/// Whoever a listener accepts for. Called on the thread of the loop at hand.
class listener_delegate {
public:
  /// Finds where a path leads to.
  /// @returns `nullopt` for 404.
  virtual std::optional<upgrade_route> route(const listener_state& listener,
                                             const http_request& request) = 0;

  /// Takes over a new WebSocket.
  virtual void open(upgraded&& what) = 0;

  /// A handshake ended without a WebSocket.
  /// @param status of the answer; 0 where TLS failed and none was given.
  virtual void refused(const listener_state& listener, unsigned status,
                       std::string_view remote_address,
                       std::string_view detail) = 0;

  /// Credentials were shown that do not do; `refused` has told or will tell of
  /// the answer.
  /// @param why nothing of them.
  virtual void credentials_refused(const listener_state& listener,
                                   std::string_view remote_address,
                                   std::string_view why) {
    static_cast<void>(listener);
    static_cast<void>(remote_address);
    static_cast<void>(why);
  }

  /// A limit of the listener was reached. What comes of it was decided by
  /// then.
  virtual void limit_reached(const listener_state& listener,
                             listener_limit what) {
    static_cast<void>(listener);
    static_cast<void>(what);
  }

  /// A peer has gone before its handshake was answered.
  virtual void abandoned(const listener_state& listener) {
    static_cast<void>(listener);
  }

  /// Accepting stopped for a moment: no descriptors or no memory.
  virtual void accept_failed(const listener_state& listener,
                             const boost::system::error_code& error) = 0;

protected:
  ~listener_delegate() = default;
};

/// A bound address: one listening socket for each shard.
struct bound_listener {
  std::vector<unique_fd> sockets;
  /// Numeric `host:port`.
  std::string address;
};

/// Binds an address with SO_REUSEPORT once a shard; fails where another
/// process holds it, even one that allows sharing.
/// @param host a numeric address or a name, which is resolved (blocking).
/// @param port 0: any free one, the same for all.
/// @param alone false: this process itself may hold an address that overlaps,
///        so that nobody who does is found out.
bound_listener bind_listener(const std::string& host, std::uint16_t port,
                             std::size_t shards,
                             boost::system::error_code& error,
                             bool alone = true);

/// Shares a socket that listens already among the shards.
/// @param fd stays open.
bound_listener adopt_listener(int fd, std::size_t shards,
                              boost::system::error_code& error);

/// `address:port` of a socket's own or far end, IPv6 in brackets.
std::string local_address_of(int fd);
std::string remote_address_of(int fd);

} // namespace switchboard::net
