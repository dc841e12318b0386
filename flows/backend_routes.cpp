#include "flows/backend_routes.hpp"

#include <algorithm>
#include <utility>

#include "net/digest_memory.hpp"
#include "net/tls_source.hpp"

namespace switchboard::flows {

namespace {

/// Finds an entry by its name.
template <class T>
const T* named(const std::vector<T>& all, const std::string& name) {
  auto i = std::find_if(all.begin(), all.end(),
                        [&](auto& one) { return one.name == name; });
  return i == all.end() ? nullptr : &*i;
}

caf::error unknown(const char* what, const std::string& name) {
  return make_error(errc::invalid_argument, std::string{"http_request: no "}
                                                + what + " is called `" + name
                                                + "`");
}

caf::expected<std::shared_ptr<const net::tls_source>>
source_of(const std::string& name, const backend_options& options) {
  if (options.tls)
    return options.tls(name);
  if (!name.empty())
    return unknown("TLS context", name);
  std::string problem;
  auto made = net::tls_source::make(net::role::client, {}, problem);
  if (!made)
    return make_error(errc::invalid_argument, "tls: " + problem);
  return std::shared_ptr<const net::tls_source>{std::move(made)};
}

} // namespace

caf::expected<std::shared_ptr<const backend_routes>>
backend_routes::make(const program& code, const backend_options& options,
                     const backend_routes* before) {
  auto result = std::make_shared<backend_routes>();
  std::map<std::string, net::make_secure_wire> wires;
  for (auto& settings : code.backends) {
    auto& route = result->routes_[key_of(*settings)];
    if (route)
      continue;
    auto proxy = settings->proxy.empty()
                     ? nullptr
                     : named(options.proxies, settings->proxy);
    if (before != nullptr)
      route = before->same(key_of(*settings), proxy);
    if (route)
      continue;
    auto& wire = wires[settings->tls];
    if (!wire) {
      auto source = source_of(settings->tls, options);
      if (!source)
        return source.error();
      wire = net::make_client_wire(std::move(*source));
    }
    auto dialing = std::make_shared<net::dial_options>();
    dialing->secure_wire = wire;
    if (!settings->proxy.empty()) {
      if (proxy == nullptr)
        return unknown("proxy", settings->proxy);
      dialing->proxy = *proxy;
      dialing->proxy_digests = std::make_shared<net::digest_memory>();
    }
    net::http_route made;
    made.dialing = std::move(dialing);
    made.max_connections = settings->max_connections;
    made.queue_limit = settings->queue_limit;
    route = std::make_shared<const net::http_route>(std::move(made));
  }
  return std::shared_ptr<const backend_routes>{std::move(result)};
}

backend_routes::route_key
backend_routes::key_of(const http_request_settings& settings) {
  return {settings.tls, settings.proxy, settings.max_connections,
          settings.queue_limit};
}

std::shared_ptr<const net::http_route>
backend_routes::same(const route_key& key, const proxy_options* proxy) const {
  auto i = routes_.find(key);
  if (i == routes_.end())
    return nullptr;
  auto& known = i->second->dialing->proxy;
  auto parts = [](const proxy_options& what) {
    return std::tie(what.host, what.port, what.username, what.password,
                    what.non_proxy_hosts, what.ntlm_domain);
  };
  if (known.has_value() != (proxy != nullptr)
      || (proxy != nullptr && parts(*known) != parts(*proxy)))
    return nullptr;
  return i->second;
}

const std::shared_ptr<const net::http_route>&
backend_routes::find(const http_request_settings& settings) const {
  return routes_.at(key_of(settings));
}

} // namespace switchboard::flows
