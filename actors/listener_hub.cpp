#include "actors/listener_hub.hpp"

#include <algorithm>
#include <utility>

#include "actors/internal.hpp"

namespace switchboard::actors {

listener_hub::listener_hub(const std::vector<http_listener_options>& listeners,
                           const tls_contexts& tls,
                           std::shared_ptr<const net::admission> admission,
                           std::vector<caf::strong_actor_ptr> shards,
                           report_function report)
    : shards_(std::move(shards)), report_(std::move(report)) {
  for (auto& options : listeners) {
    auto state = std::make_shared<net::listener_state>(
        options, tls.server(options.tls), admission);
    // Each shard has its own share: none waits for what another one does.
    state->handshakes_per_shard =
        std::max<std::size_t>(1, options.max_handshakes / shards_.size());
    entries_.emplace(options.name, entry{std::move(state), {}});
  }
}

caf::expected<std::string> listener_hub::bind(const std::string& name) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(name);
  if (i == entries_.end())
    return make_error(errc::invalid_argument,
                      "no listener is called `" + name + "`");
  auto& [state, address] = i->second;
  if (!address.empty())
    return address;
  if (closed_)
    return make_error(errc::connectivity, "the switchboard is stopping");
  auto& options = state->options;
  boost::system::error_code failure;
  auto bound = std::make_shared<net::bound_listener>(
      net::bind_listener(options.host, options.port, shards_.size(), failure));
  if (failure)
    return make_error(errc::connectivity,
                      "listener `" + name + "` cannot be bound to "
                          + options.host + ":" + std::to_string(options.port)
                          + ": " + failure.message());
  address = bound->address;
  for (auto& shard : shards_)
    caf::anon_send(caf::actor_cast<caf::actor>(shard),
                   open_listener{bound, state});
  if (report_)
    report_({report::severity::info,
             "listening",
             {{"listener", name}, {"address", address}}});
  return address;
}

std::string listener_hub::address_of(const std::string& name) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(name);
  return i == entries_.end() ? std::string{} : i->second.address;
}

void listener_hub::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
}

} // namespace switchboard::actors
