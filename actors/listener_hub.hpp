#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/tls_contexts.hpp"
#include "net/listener.hpp"

namespace switchboard::actors {

/// The listeners of an instance: each is bound once, whoever of the
/// configurations that share it asks first. Any thread.
class listener_hub {
public:
  listener_hub(const std::vector<http_listener_options>& listeners,
               const tls_contexts& tls,
               std::shared_ptr<const net::admission> entry,
               std::vector<caf::strong_actor_ptr> shards,
               report_function report);

  /// Binds a listener and makes every shard accept from it; finds one that is
  /// bound already.
  /// @returns its address; CONNECTIVITY where it cannot be bound.
  caf::expected<std::string> bind(const std::string& name);

  /// Empty while it is not bound.
  std::string address_of(const std::string& name) const;

  /// Binds no more.
  void close();

private:
  struct entry {
    std::shared_ptr<net::listener_state> state;
    std::string address;
  };

  mutable std::mutex mutex_;
  std::map<std::string, entry> entries_;
  std::vector<caf::strong_actor_ptr> shards_;
  report_function report_;
  bool closed_ = false;
};

} // namespace switchboard::actors
