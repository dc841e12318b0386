#include "actors/outbound_plan.hpp"

#include <utility>

#include <switchboard/error.hpp>

#include "actors/routes.hpp"
#include "actors/socket.hpp"
#include "net/digest_memory.hpp"

namespace switchboard::actors {

namespace {

net::connection_options connection_options_of(const client_options& options) {
  net::connection_options result;
  result.self = net::role::client;
  result.idle_timeout = options.connection_idle_timeout.value_or(
      net::connection_options::no_idle_timeout);
  result.ping_interval = options.ping_interval;
  result.close_timeout = options.close_timeout;
  result.max_message_size = options.max_message_size;
  result.send_queue_limit = options.send_queue_limit;
  result.slow_consumer = options.slow_consumer;
  result.compression = options.compression;
  result.rate = options.rate;
  // What is dropped from the queue would be missing from a shared context.
  if (options.slow_consumer != slow_consumer_policy::close)
    result.compression.client_no_context_takeover = true;
  return result;
}

errc code_of(net::dial_failure::kind what) {
  using kind = net::dial_failure::kind;
  switch (what) {
    case kind::remotely_closed:
      return errc::remotely_closed;
    case kind::basic_authentication:
      return errc::basic_authentication;
    case kind::unauthorized:
      return errc::unauthorized;
    case kind::forbidden:
      return errc::forbidden;
    case kind::not_found:
      return errc::not_found;
    case kind::internal_server_error:
      return errc::internal_server_error;
    case kind::service_unavailable:
      return errc::service_unavailable;
    case kind::connectivity:
      break;
  }
  return errc::connectivity;
}

/// Gives the plan the profile's options, or its own where its send queue asks
/// for it.
void take_send_queue(outbound_plan& plan, const send_queue_options& queue) {
  plan.dial = plan.profile->dial;
  plan.connection = with_send_queue(plan.profile->connection, queue);
  if (plan.connection->compression.client_no_context_takeover
      == plan.dial->compression.client_no_context_takeover)
    return;
  auto own = std::make_shared<net::dial_options>(*plan.dial);
  own->compression = plan.connection->compression;
  plan.dial = std::move(own);
}

caf::error wrong(std::string text) {
  return make_error(errc::invalid_argument, std::move(text));
}

} // namespace

client_profile_ptr make_client_profile(const websocket_options& options,
                                       const proxy_options* proxy,
                                       net::make_secure_wire secure_wire,
                                       std::shared_ptr<net::resolver> names) {
  auto result = std::make_shared<client_profile>();
  auto& client = *options.client;
  result->config = options.name;
  result->options = client;
  result->connection = std::make_shared<const net::connection_options>(
      connection_options_of(client));
  auto dial = std::make_shared<net::dial_options>();
  dial->secure_wire = std::move(secure_wire);
  if (proxy != nullptr)
    dial->proxy = *proxy;
  dial->authentication = client.authentication;
  dial->peer_digests = std::make_shared<net::digest_memory>();
  dial->proxy_digests = std::make_shared<net::digest_memory>();
  dial->compression = result->connection->compression;
  dial->subprotocols = client.subprotocols;
  dial->follow_redirects = client.follow_redirects;
  dial->preserve_headers_case = client.preserve_headers_case;
  result->dial = std::move(dial);
  result->names = std::move(names);
  return result;
}

std::string outbound_plan::address() const {
  auto v6 = target.host.find(':') != std::string::npos;
  return (v6 ? "[" + target.host + "]" : target.host) + ":"
         + std::to_string(target.port);
}

caf::expected<outbound_plan_ptr>
make_outbound_plan(client_profile_ptr profile, const outbound_options& request,
                   const strategy_lookup& fallback,
                   caf::strong_actor_ptr keeper,
                   const send_queue_lookup& queue_fallback) {
  if (auto problem = judge_groups(request.default_groups); !problem.empty())
    return wrong(std::move(problem));
  auto result = std::make_shared<outbound_plan>();
  std::string problem;
  auto target =
      net::make_dial_target(profile->options, request, result->headers,
                            result->relative_path, problem);
  if (!target)
    return wrong(std::move(problem));
  result->target = std::move(*target);
  result->profile = std::move(profile);
  result->socket_id = request.socket_id;
  result->groups = request.default_groups;
  result->uri_params = request.uri_params;
  result->reconnection = request.reconnection ? *request.reconnection
                                              : fallback(result->relative_path);
  result->keeper = std::move(keeper);
  auto queue = queue_fallback ? queue_fallback(result->relative_path)
                              : send_queue_options{};
  if (request.send_queue.limit > 0)
    queue.limit = request.send_queue.limit;
  if (request.send_queue.slow_consumer)
    queue.slow_consumer = request.send_queue.slow_consumer;
  take_send_queue(*result, queue);
  return outbound_plan_ptr{std::move(result)};
}

caf::error error_of(const net::dial_failure& why) {
  return make_error(code_of(why.what), why.text);
}

} // namespace switchboard::actors
