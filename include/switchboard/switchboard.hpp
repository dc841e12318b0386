#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/interfaces.hpp>
#include <switchboard/options.hpp>
#include <switchboard/report.hpp>
#include <switchboard/statistics.hpp>

namespace switchboard {

namespace net {
class tls_source;
} // namespace net

/// Adds our message types and error category. Call it on the
/// configuration of every actor system that hosts a switchboard or talks to
/// one over the network.
void configure(caf::actor_system_config& config);

/// A running switchboard inside an actor system: shards with their threads, a
/// registry, a supervisor for each configuration.
class instance {
public:
  /// `prepare` and `open` in one.
  static caf::expected<std::unique_ptr<instance>>
  start(caf::actor_system& system, switchboard_options options,
        report_function on_report = {});

  /// Starts shards, registry and supervisors, which take sources from here
  /// on. Nothing is bound and nothing opened, so that no socket comes before
  /// its source.
  /// @param system configured by `configure`; must outlive the instance.
  /// @returns INVALID_ARGUMENT for options that contradict each other;
  ///          CONNECTIVITY where the process has no descriptors left.
  static caf::expected<std::unique_ptr<instance>>
  prepare(caf::actor_system& system, switchboard_options options,
          report_function on_report = {});

  /// Binds the listeners and begins to open the outbound sockets of the
  /// options. Returns when every listener is bound or has had its first
  /// failure; with `fails_deployment`, when it is bound and the peer of the
  /// client settings was reached, or the strategy is spent. Once.
  /// @returns CONNECTIVITY or RETRY_EXHAUSTED where that has failed.
  caf::error open();

  /// Begins to take other options while sockets are open: checks them, reads
  /// TLS stores, binds addresses that are new, and knows new configurations
  /// from here on, so that they can be given sources. `runtime_options` stay
  /// what they were. `finish_reload` follows, with nothing in between but
  /// sources; not from two threads at once.
  /// @returns INVALID_ARGUMENT as `prepare`, CONNECTIVITY for an address that
  ///          cannot be bound or while it stops: nothing has changed then.
  caf::error begin_reload(switchboard_options options);

  /// The rest of it: listeners that are left out accept no more, others begin;
  /// handshakes and dials from here on take the new settings; outbound sockets
  /// of the options that are left out are closed normally, new ones opened,
  /// changed ones both. No other socket is touched. A configuration that is
  /// left out takes no further sockets; those it has stay.
  void finish_reload();

  /// As `stop` with no time to drain.
  ~instance();

  /// Routes operations.
  const registry_actor& registry() const noexcept;

  /// How many shards there are, at least 1.
  std::size_t shards() const noexcept;

  /// What `runtime_options::io` came to: `epoll` or `io_uring`.
  io_method io() const noexcept;

  /// Spawns an event-based actor that runs on a shard's own thread: `T` is a
  /// `pinned<…>` (see pinned.hpp) and gets the shard's unit. `stop` sends it
  /// an exit message behind the last closed event and waits for its end.
  template <class T, class... Ts>
  auto spawn_pinned(std::size_t shard, Ts&&... xs) {
    caf::actor_config config{pinning_unit(shard)};
    auto result = system().template spawn_impl<T, caf::no_spawn_options>(
        config, std::forward<Ts>(xs)...);
    keep(caf::actor_cast<caf::strong_actor_ptr>(result));
    return result;
  }

  /// A configuration's group as a group of CAF: what is sent to it, a
  /// `payload` or a `socket_close`, reaches every socket in it, and every
  /// other actor that joined. Do not keep it for longer than the instance.
  caf::group group(const std::string& config, const std::string& name) const;

  /// The numeric address `host:port` a listener is bound to; empty while it
  /// is not bound.
  std::string address_of(const std::string& listener) const;

  /// What was counted since the start. Asks nobody and waits for nobody: no
  /// shard notices. Any thread.
  switchboard_statistics statistics() const;

  /// Whether every listener is bound.
  bool ready() const noexcept;

  /// Has every key and trust store read again, and the files of whom listeners
  /// let in, on threads of their own, which report the outcome. New handshakes
  /// take what was read, sockets stay as they are; what cannot be used leaves
  /// the old in force. The same happens by itself when a file changes.
  void renew_tls();

  /// How long the certificates of each `tls_options` that is in use and has a
  /// key store are still valid, by its name; negative once they are not.
  std::map<std::string, std::chrono::seconds> certificate_expiry() const;

  /// The context of a `tls_options` for a server beside the listeners, or for
  /// a client beside the outbound sockets, kept up to date like theirs.
  /// @param name of a client may be empty: OpenSSL's defaults and the system's
  ///        trust store.
  /// @returns INVALID_ARGUMENT where there is none or it cannot be used.
  caf::expected<std::shared_ptr<const net::tls_source>>
  server_tls(const std::string& name);
  caf::expected<std::shared_ptr<const net::tls_source>>
  client_tls(const std::string& name);

  /// Stops accepting and dialing, closes every socket, inbound ones first, in
  /// paced batches, and waits for the closing handshakes until the time is
  /// over; what is left is cut. Every closed event is handed out. Blocks; a
  /// second call waits for the first.
  void drain(const drain_options& how = {});

  /// `drain`, then joins the shards. Idempotent.
  void stop(const drain_options& how = {});

  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;

private:
  struct impl;
  explicit instance(std::unique_ptr<impl> ptr);
  caf::actor_system& system() const noexcept;
  caf::execution_unit* pinning_unit(std::size_t shard) const noexcept;
  void keep(caf::strong_actor_ptr pinned);

  std::unique_ptr<impl> impl_;
};

} // namespace switchboard
