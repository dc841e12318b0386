#include <algorithm>
#include <tuple>
#include <utility>

#include "actors/check_options.hpp"
#include "actors/instance_impl.hpp"
#include "actors/limits_guard.hpp"
#include "actors/outbound_exchange.hpp"
#include "actors/outbound_opener.hpp"
#include "actors/socket_id.hpp"
#include "actors/supervisor.hpp"

// Apart from instance.cpp: what options make of an instance, at its start and
// while it runs.

namespace switchboard {

namespace {

/// How long shards and supervisors may take to know of other settings; they
/// get to know them even when nobody waits any more.
constexpr auto change_time = std::chrono::seconds{10};

std::string base_path_of(const server_options& server,
                         const std::vector<http_listener_options>& listeners) {
  auto i = std::find_if(listeners.begin(), listeners.end(), [&](auto& entry) {
    return entry.name == server.listener;
  });
  return join_paths({}, server.listener_base_path.value_or(i->base_path));
}

const proxy_options* proxy_of(const client_options& client,
                              const std::vector<proxy_options>& proxies) {
  auto i = std::find_if(proxies.begin(), proxies.end(), [&](auto& entry) {
    return entry.name == client.proxy;
  });
  return i == proxies.end() ? nullptr : &*i;
}

bool same(const outbound_options& x, const outbound_options& y) {
  auto parts = [](const outbound_options& what) {
    return std::tie(what.config, what.socket_id, what.default_groups, what.path,
                    what.url, what.headers, what.query_params, what.uri_params,
                    what.reconnection);
  };
  return parts(x) == parts(y);
}

caf::error stopping() {
  return make_error(errc::connectivity, "the switchboard is stopping");
}

} // namespace

std::set<std::string>
instance::impl::wanted_by(const switchboard_options& options) {
  std::set<std::string> result;
  for (auto& what : options.websockets)
    if (what.server)
      result.insert(what.server->listener);
  return result;
}

instance::impl::kept_outbound
instance::impl::keep(const outbound_options& what,
                     const switchboard_options& options) {
  kept_outbound result{what, what.socket_id, what.config};
  if (result.socket_id.empty())
    result.socket_id = actors::make_socket_id();
  if (result.config.empty())
    for (auto& entry : options.websockets)
      if (entry.client)
        result.config = entry.name;
  return result;
}

actors::client_profile_ptr
instance::impl::profile_of(const websocket_options& what,
                           const switchboard_options& options) {
  if (!what.client)
    return nullptr;
  return actors::make_client_profile(what,
                                     proxy_of(*what.client, options.proxies),
                                     tls->client(what.client->tls), names);
}

void instance::impl::add_supervisor(const websocket_options& what,
                                    const switchboard_options& options) {
  actors::supervisor_setup setup;
  setup.options = what;
  setup.shards = shard_actors;
  setup.sockets = sockets;
  setup.counters = std::make_shared<actors::config_counters>();
  setup.on_report = report;
  // Any configuration may get server settings one day.
  setup.bind = [this](const std::string& name) {
    return hub->bind(name);
  };
  if (what.server)
    setup.base_path = base_path_of(*what.server, options.listeners);
  setup.profile = profile_of(what, options);
  {
    std::lock_guard guard{mutex};
    configs[what.name] = setup.counters;
  }
  supervisors.emplace(what.name,
                      system.spawn(actors::supervisor, std::move(setup)));
}

void instance::impl::introduce(const switchboard_options& options) {
  actors::registry_setup known;
  known.shards = shard_actors;
  known.supervisors = supervisors;
  for (auto& what : options.websockets)
    if (what.client)
      known.clients.push_back(what.name);
  caf::anon_send(registry, std::move(known));
}

void instance::impl::reconfigure(const switchboard_options& options) {
  caf::scoped_actor self{system};
  auto tell = [&](const actors::supervisor_actor& whom,
                  actors::reconfigure what) {
    return self->request(whom, caf::duration{change_time}, std::move(what));
  };
  auto begin = [&](const actors::supervisor_actor& whom) {
    return self->request(whom, caf::duration{change_time},
                         actors::begin_atom::value);
  };
  std::vector<decltype(tell({}, {}))> changes;
  std::vector<decltype(begin({}))> beginnings;
  auto& fresh = pending->fresh;
  for (auto& [name, supervisor] : supervisors) {
    if (std::find(fresh.begin(), fresh.end(), name) != fresh.end()) {
      beginnings.push_back(begin(supervisor));
      continue;
    }
    actors::reconfigure what;
    what.options.name = name;
    for (auto& entry : options.websockets) {
      if (entry.name != name)
        continue;
      what.options = entry;
      if (entry.server)
        what.base_path = base_path_of(*entry.server, options.listeners);
      what.profile = profile_of(entry, options);
    }
    changes.push_back(tell(supervisor, std::move(what)));
  }
  auto done = [] {
  };
  auto failed = [](const caf::error&) {
    // Its own reports say why.
  };
  for (auto& answer : changes)
    answer.receive(done, failed);
  for (auto& answer : beginnings)
    answer.receive(done, failed);
}

void instance::impl::exchange_outbound(const switchboard_options& options) {
  auto left = std::exchange(outbound, {});
  std::vector<outbound_options> wanted;
  for (auto& what : options.outbound) {
    auto i = std::find_if(left.begin(), left.end(),
                          [&](auto& known) { return same(known.what, what); });
    if (i != left.end()) {
      outbound.push_back(std::move(*i));
      left.erase(i);
    } else {
      outbound.push_back(keep(what, options));
      wanted.push_back(outbound.back().request());
    }
  }
  std::vector<actors::withdrawal> unwanted;
  for (auto& known : left)
    if (auto i = supervisors.find(known.config); i != supervisors.end())
      unwanted.push_back({i->second, known.socket_id});
  if (!wanted.empty() || !unwanted.empty())
    system.spawn(actors::outbound_exchange, public_registry,
                 std::move(unwanted), std::move(wanted), report);
}

caf::error instance::begin_reload(switchboard_options options) {
  std::lock_guard guard{impl_->reloading};
  if (impl_->draining)
    return stopping();
  if (auto problem = actors::check_options(options))
    return problem;
  auto sockets =
      impl_->hub->prepare(options.listeners, impl::wanted_by(options));
  if (!sockets)
    return std::move(sockets.error());
  auto credentials = actors::authentications::make(options);
  if (!credentials)
    return std::move(credentials.error());
  if (auto problem = impl_->tls->change(options))
    return problem;
  impl_->credentials->take(std::move(*credentials));
  impl_->tls->watch();
  impl_->credentials->watch();
  std::vector<std::string> fresh;
  for (auto& what : options.websockets)
    if (impl_->supervisors.count(what.name) == 0) {
      fresh.push_back(what.name);
      impl_->add_supervisor(what, options);
    }
  impl_->introduce(options);
  impl_->pending = impl::pending_options{std::move(options),
                                         std::move(*sockets), std::move(fresh)};
  return caf::none;
}

void instance::finish_reload() {
  std::lock_guard guard{impl_->reloading};
  if (!impl_->pending)
    return;
  if (!impl_->draining) {
    auto& options = impl_->pending->options;
    impl_->hub->take(options.listeners, impl::wanted_by(options),
                     std::move(impl_->pending->sockets));
    impl_->groups.index().set_limit(options.limits.groups);
    caf::anon_send(impl_->guard, actors::change_limits{options.limits});
    impl_->reconfigure(options);
    impl_->exchange_outbound(options);
  }
  impl_->pending.reset();
}

} // namespace switchboard
