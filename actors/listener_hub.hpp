#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/authentications.hpp"
#include "actors/tls_contexts.hpp"
#include "net/listener.hpp"

namespace switchboard::actors {

/// The listeners of an instance: each is bound once, whoever of the
/// configurations that share it asks first. Any thread.
class listener_hub {
public:
  /// What `prepare` has bound, by listener.
  using new_sockets =
      std::map<std::string, std::shared_ptr<net::bound_listener>>;

  /// @param tls outlives the hub, as `credentials` does.
  listener_hub(const std::vector<http_listener_options>& listeners,
               std::set<std::string> wanted, const tls_contexts& tls,
               const authentications& credentials,
               std::shared_ptr<const net::admission> entry,
               std::vector<caf::strong_actor_ptr> shards,
               report_function report);

  /// Binds a listener and makes every shard accept from it; finds one that is
  /// bound already.
  /// @returns its address; CONNECTIVITY where it cannot be bound.
  caf::expected<std::string> bind(const std::string& name);

  /// Binds what other options want bound and nobody has yet. Changes nothing.
  /// @param wanted the listeners that a configuration uses.
  /// @returns CONNECTIVITY where one cannot be bound.
  caf::expected<new_sockets>
  prepare(const std::vector<http_listener_options>& listeners,
          const std::set<std::string>& wanted) const;

  /// Takes other options: a socket that is bound goes to whoever has its
  /// address now, the rest is given up.
  void take(const std::vector<http_listener_options>& listeners,
            std::set<std::string> wanted, new_sockets fresh);

  /// Empty while it is not bound.
  std::string address_of(const std::string& name) const;

  /// Whether every listener that a configuration uses is bound.
  bool all_bound() const;

  /// Binds no more.
  void close();

private:
  struct entry {
    std::shared_ptr<net::listener_state> state;
    std::string address;
  };
  using entries = std::map<std::string, entry>;

  std::shared_ptr<net::listener_state>
  make_state(const http_listener_options& options,
             std::shared_ptr<net::listener_state> before) const;
  /// The entry whose sockets new options go on with.
  const entries::value_type*
  place_of(const http_listener_options& options) const;
  caf::expected<std::shared_ptr<net::bound_listener>>
  make_sockets(const http_listener_options& options, bool alone = true) const;
  void open(const std::string& name, entry& what,
            const std::shared_ptr<net::bound_listener>& bound) const;
  template <class Message>
  void tell_shards(const Message& what) const;
  void tell(const char* text, const std::string& name,
            const std::string& address) const;

  mutable std::mutex mutex_;
  entries entries_;
  std::set<std::string> wanted_;
  const tls_contexts& tls_;
  const authentications& credentials_;
  std::shared_ptr<const net::admission> admission_;
  std::vector<caf::strong_actor_ptr> shards_;
  report_function report_;
  bool closed_ = false;
};

} // namespace switchboard::actors
