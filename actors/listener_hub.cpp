#include "actors/listener_hub.hpp"

#include <algorithm>
#include <utility>

#include "actors/internal.hpp"

namespace switchboard::actors {

listener_hub::listener_hub(const std::vector<http_listener_options>& listeners,
                           std::set<std::string> wanted,
                           const tls_contexts& tls,
                           const authentications& credentials,
                           std::shared_ptr<const net::admission> admission,
                           std::vector<caf::strong_actor_ptr> shards,
                           report_function report)
    : wanted_(std::move(wanted)),
      tls_(tls),
      credentials_(credentials),
      admission_(std::move(admission)),
      shards_(std::move(shards)),
      report_(std::move(report)) {
  for (auto& options : listeners)
    entries_.emplace(options.name, entry{make_state(options, nullptr), {}});
}

std::shared_ptr<net::listener_state>
listener_hub::make_state(const http_listener_options& options,
                         std::shared_ptr<net::listener_state> before) const {
  auto state = std::make_shared<net::listener_state>(
      options, tls_.server(options.tls), admission_, std::move(before),
      credentials_.of(options.name));
  // Each shard has its own share: none waits for what another one does.
  state->handshakes_per_shard =
      std::max<std::size_t>(1, options.max_handshakes / shards_.size());
  return state;
}

caf::expected<std::shared_ptr<net::bound_listener>>
listener_hub::make_sockets(const http_listener_options& options,
                           bool alone) const {
  boost::system::error_code failure;
  auto inherits = options.inherited >= 0;
  auto bound = std::make_shared<net::bound_listener>(
      inherits ? net::adopt_listener(options.inherited, shards_.size(), failure)
               : net::bind_listener(options.host, options.port, shards_.size(),
                                    failure, alone));
  if (failure && inherits)
    return make_error(errc::connectivity,
                      "listener `" + options.name
                          + "` cannot use the socket that was passed to it: "
                          + failure.message());
  if (failure)
    return make_error(errc::connectivity,
                      "listener `" + options.name + "` cannot be bound to "
                          + options.host + ":" + std::to_string(options.port)
                          + ": " + failure.message());
  return bound;
}

void listener_hub::open(
    const std::string& name, entry& what,
    const std::shared_ptr<net::bound_listener>& bound) const {
  what.address = bound->address;
  tell_shards(open_listener{bound, what.state});
  tell("listening", name, what.address);
}

caf::expected<std::string> listener_hub::bind(const std::string& name) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(name);
  if (i == entries_.end())
    return make_error(errc::invalid_argument,
                      "no listener is called `" + name + "`");
  auto& what = i->second;
  if (!what.address.empty())
    return what.address;
  if (closed_)
    return make_error(errc::connectivity, "the switchboard is stopping");
  auto bound = make_sockets(what.state->options);
  if (!bound)
    return std::move(bound.error());
  open(name, what, *bound);
  return what.address;
}

const listener_hub::entries::value_type*
listener_hub::place_of(const http_listener_options& options) const {
  for (auto& known : entries_) {
    auto& [name, what] = known;
    auto& old = what.state->options;
    if (old.inherited >= 0 || options.inherited >= 0) {
      if (!what.address.empty() && old.inherited == options.inherited)
        return &known;
      continue;
    }
    // Any free port is the same only for the same listener.
    if (!what.address.empty() && old.host == options.host
        && old.port == options.port
        && (options.port != 0 || name == options.name))
      return &known;
  }
  return nullptr;
}

caf::expected<listener_hub::new_sockets>
listener_hub::prepare(const std::vector<http_listener_options>& listeners,
                      const std::set<std::string>& wanted) const {
  std::lock_guard guard{mutex_};
  new_sockets result;
  if (closed_)
    return make_error(errc::connectivity, "the switchboard is stopping");
  for (auto& options : listeners) {
    if (wanted.count(options.name) == 0 || place_of(options) != nullptr)
      continue;
    // One that could not be bound so far goes on trying by its strategy.
    if (auto i = entries_.find(options.name);
        i != entries_.end() && i->second.address.empty()
        && wanted_.count(options.name) > 0
        && i->second.state->options.host == options.host
        && i->second.state->options.port == options.port)
      continue;
    // An address of ours with the same port is about to go, or to stay beside
    // this one as long as both are not the same.
    auto ours = std::any_of(entries_.begin(), entries_.end(), [&](auto& known) {
      return !known.second.address.empty()
             && known.second.state->options.port == options.port;
    });
    auto bound = make_sockets(options, !ours);
    if (!bound)
      return std::move(bound.error());
    result.emplace(options.name, std::move(*bound));
  }
  return result;
}

void listener_hub::take(const std::vector<http_listener_options>& listeners,
                        std::set<std::string> wanted, new_sockets fresh) {
  std::lock_guard guard{mutex_};
  entries next;
  std::set<std::string> kept;
  wanted_ = std::move(wanted);
  for (auto& options : listeners) {
    auto place = place_of(options);
    // What nobody uses is not kept bound.
    if (place == nullptr || wanted_.count(options.name) == 0) {
      next.emplace(options.name, entry{make_state(options, nullptr), {}});
      continue;
    }
    auto& old = place->second;
    kept.insert(place->first);
    if (old.state->options == options) {
      next.emplace(options.name, old);
      continue;
    }
    auto state = make_state(options, old.state);
    tell_shards(change_listener{old.state, state});
    next.emplace(options.name, entry{std::move(state), old.address});
  }
  for (auto& [name, bound] : fresh)
    if (auto i = next.find(name); i != next.end() && i->second.address.empty())
      open(name, i->second, bound);
  for (auto& [name, old] : entries_) {
    if (old.address.empty() || kept.count(name) > 0)
      continue;
    tell_shards(retire_listener{old.state});
    tell("listening no more", name, old.address);
  }
  entries_ = std::move(next);
}

std::string listener_hub::address_of(const std::string& name) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(name);
  return i == entries_.end() ? std::string{} : i->second.address;
}

bool listener_hub::all_bound() const {
  std::lock_guard guard{mutex_};
  return std::all_of(wanted_.begin(), wanted_.end(), [&](auto& name) {
    auto i = entries_.find(name);
    return i != entries_.end() && !i->second.address.empty();
  });
}

void listener_hub::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
}

template <class Message>
void listener_hub::tell_shards(const Message& what) const {
  for (auto& shard : shards_)
    caf::anon_send(caf::actor_cast<caf::actor>(shard), what);
}

void listener_hub::tell(const char* text, const std::string& name,
                        const std::string& address) const {
  report_({report::severity::info,
           text,
           {{"listener", name}, {"address", address}},
           report_part::listener});
}

} // namespace switchboard::actors
