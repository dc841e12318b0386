#include "actors/routes.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <switchboard/error.hpp>

namespace switchboard::actors {

std::vector<subscription_ptr>& config_routes::of(source_kind kind) noexcept {
  switch (kind) {
    case source_kind::inbound_listener:
      return listeners;
    case source_kind::on_inbound_connection:
      return connections;
    case source_kind::outbound_listener:
      return outbound;
    default:
      return closings;
  }
}

const subscription* find_subscription(const std::vector<subscription_ptr>& list,
                                      std::string_view path,
                                      path_params* params) {
  for (auto& entry : list)
    if (entry->pattern.matches(path, params))
      return entry.get();
  return nullptr;
}

caf::error add_subscription(config_routes& routes, source_kind kind,
                            subscription_ptr what) {
  auto& list = routes.of(kind);
  auto at =
      std::lower_bound(list.begin(), list.end(), what, [](auto& x, auto& y) {
        return (x->pattern <=> y->pattern) < 0;
      });
  if (at != list.end() && (*at)->pattern == what->pattern)
    return make_error(errc::invalid_argument,
                      "two sources of `" + routes.config
                          + "` match the same paths: " + (*at)->pattern.text()
                          + " and " + what->pattern.text());
  list.insert(at, std::move(what));
  return caf::none;
}

bool remove_target(config_routes& routes, const caf::actor_addr& target) {
  auto feeds = [&](const subscription_ptr& what) {
    return std::any_of(what->targets.begin(), what->targets.end(),
                       [&](auto& ptr) {
                         return caf::actor_cast<caf::actor_addr>(ptr) == target;
                       });
  };
  auto removed = std::size_t{0};
  for (auto list : {&routes.listeners, &routes.connections, &routes.closings,
                    &routes.outbound})
    removed += std::erase_if(*list, feeds);
  return removed > 0;
}

void route_table::install(config_routes_ptr routes) {
  std::erase_if(configs_,
                [&](auto& known) { return known->config == routes->config; });
  auto at = std::find_if(configs_.begin(), configs_.end(), [&](auto& known) {
    return known->base_path.size() < routes->base_path.size();
  });
  configs_.insert(at, std::move(routes));
}

std::optional<socket_route> route_table::find(std::string_view listener,
                                              std::string_view path,
                                              std::string& relative_path,
                                              path_params& params) const {
  for (auto& routes : configs_) {
    if (routes->listener != listener)
      continue;
    auto rest = below(routes->base_path, path);
    if (!rest)
      continue;
    auto messages = find_subscription(routes->listeners, *rest, &params);
    if (!messages)
      continue;
    relative_path = *rest;
    return socket_route{routes, messages,
                        find_subscription(routes->connections, *rest),
                        find_subscription(routes->closings, *rest)};
  }
  return std::nullopt;
}

std::optional<socket_route>
route_table::find_outbound(std::string_view config,
                           std::string_view path) const {
  for (auto& routes : configs_)
    if (routes->config == config)
      return socket_route{routes, find_subscription(routes->outbound, path),
                          nullptr, find_subscription(routes->closings, path)};
  return std::nullopt;
}

std::shared_ptr<const net::connection_options>
with_send_queue(std::shared_ptr<const net::connection_options> what,
                const send_queue_options& queue) {
  if (!what || queue == send_queue_options{})
    return what;
  auto result = std::make_shared<net::connection_options>(*what);
  if (queue.limit > 0)
    result->send_queue_limit = queue.limit;
  if (queue.slow_consumer)
    result->slow_consumer = *queue.slow_consumer;
  // What is dropped from the queue would be missing from a shared context.
  auto& compression = result->compression;
  if (result->slow_consumer != slow_consumer_policy::close)
    (result->self == net::role::server
         ? compression.server_no_context_takeover
         : compression.client_no_context_takeover) = true;
  return result;
}

net::connection_options connection_options_of(const server_options& options) {
  net::connection_options result;
  result.self = net::role::server;
  result.idle_timeout = options.idle_socket_timeout;
  result.ping_interval = options.ping_interval;
  result.close_timeout = options.close_timeout;
  result.max_message_size = options.max_message_size;
  result.send_queue_limit = options.send_queue_limit;
  result.slow_consumer = options.slow_consumer;
  result.compression = options.compression;
  result.rate = options.rate;
  // What is dropped from the queue would be missing from a shared context.
  if (options.slow_consumer != slow_consumer_policy::close)
    result.compression.server_no_context_takeover = true;
  return result;
}

} // namespace switchboard::actors
