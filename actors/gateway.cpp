#include "actors/gateway.hpp"

#include <algorithm>
#include <utility>

#include "actors/socket_id.hpp"
#include "net/authentication_source.hpp"

namespace switchboard::actors {

namespace {

void make_lower(std::string& text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
}

std::shared_ptr<const handshake_attributes>
attributes_of(net::upgraded& what, const socket_route& route) {
  handshake_fields result;
  auto& request = what.request;
  result.socket_id = make_socket_id();
  result.type = socket_type::inbound;
  result.config = route.config->config;
  result.request_uri = std::move(request.target);
  result.relative_path = std::move(what.route.relative_path);
  result.headers = std::move(request.headers);
  for (auto& [name, value] : result.headers)
    make_lower(name);
  result.uri_params = std::move(what.route.uri_params);
  result.secure = what.stream->secure();
  result.local_address = std::move(what.local_address);
  result.remote_address = std::move(what.remote_address);
  result.subprotocol = std::move(what.subprotocol);
  result.connected_at = caf::make_timestamp();
  result.client_certificate = std::move(what.certificate);
  if (what.who) {
    result.user = what.who->user;
    result.claims = what.who->claims;
  }
  return make_handshake(result);
}

std::shared_ptr<const handshake_attributes>
attributes_of(net::dialed& what, const outbound_plan& plan,
              std::uint32_t generation) {
  handshake_fields result;
  result.socket_id = plan.socket_id;
  result.type = socket_type::outbound;
  result.config = plan.profile->config;
  result.request_uri = std::move(what.target.request_uri);
  result.relative_path = plan.relative_path;
  result.headers = std::move(what.headers);
  result.uri_params = plan.uri_params;
  result.secure = what.stream->secure();
  result.local_address = std::move(what.local_address);
  result.remote_address = std::move(what.remote_address);
  result.subprotocol = std::move(what.subprotocol);
  result.connected_at = caf::make_timestamp();
  result.generation = generation;
  return make_handshake(result);
}

limit_kind kind_of(net::listener_limit what) noexcept {
  switch (what) {
    case net::listener_limit::connections:
      return limit_kind::connections;
    case net::listener_limit::connections_per_address:
      return limit_kind::connections_per_address;
    case net::listener_limit::handshakes:
      return limit_kind::handshakes;
    case net::listener_limit::connection_rate:
      return limit_kind::connection_rate;
    case net::listener_limit::memory:
      return limit_kind::memory;
    case net::listener_limit::descriptors:
      break;
  }
  return limit_kind::descriptors;
}

} // namespace

gateway::gateway(shard& home, socket_host& host, socket_adopter& adopter,
                 report_function report)
    : home_(home),
      host_(host),
      adopter_(adopter),
      report_(std::move(report)),
      dials_(home, [this](actors::open_outbound& request, net::dialed&& what) {
        return take(request, std::move(what));
      }) {}

void gateway::open_listener(net::unique_fd fd,
                            std::shared_ptr<net::listener_state> state) {
  auto& acceptor = acceptors_.emplace_back(std::make_unique<net::acceptor>(
      home_.loop(), std::move(fd), std::move(state),
      static_cast<net::listener_delegate&>(*this)));
  acceptor->start();
}

void gateway::change_listener(const actors::change_listener& what) {
  for (auto& acceptor : acceptors_)
    if (acceptor->state() == what.from)
      acceptor->use(what.to);
}

void gateway::retire_listener(const actors::retire_listener& what) {
  std::vector<net::acceptor*> chosen;
  for (auto& acceptor : acceptors_)
    if (acceptor->state() == what.which)
      chosen.push_back(acceptor.get());
  for (auto ptr : chosen)
    ptr->retire([this, ptr] {
      auto i = std::find_if(acceptors_.begin(), acceptors_.end(),
                            [&](auto& each) { return each.get() == ptr; });
      if (i == acceptors_.end())
        return;
      home_.loop().dispose(std::move(*i));
      acceptors_.erase(i);
    });
}

void gateway::close() {
  dials_.close();
  for (auto& acceptor : std::exchange(acceptors_, {})) {
    acceptor->stop();
    home_.loop().dispose(std::move(acceptor));
  }
}

std::shared_ptr<const net::authenticator>
gateway::authenticator_of(const std::string& listener) const {
  // The newest first: one of before may still have handshakes in work.
  for (auto i = acceptors_.rbegin(); i != acceptors_.rend(); ++i) {
    auto& state = *(*i)->state();
    if (state.options.name == listener)
      return state.authentication ? state.authentication->current() : nullptr;
  }
  return nullptr;
}

std::optional<net::upgrade_route>
gateway::route(const net::listener_state& listener,
               const net::http_request& request) {
  net::upgrade_route result;
  auto found = routes_.find(listener.options.name, request.path,
                            result.relative_path, result.uri_params);
  if (!found)
    return std::nullopt;
  result.connection = found->messages->connection ? found->messages->connection
                                                  : found->config->connection;
  result.subprotocols = found->config->subprotocols;
  result.context = std::make_shared<const socket_route>(std::move(*found));
  return result;
}

void gateway::open(net::upgraded&& what) {
  home_.counters().handshakes.accepted();
  auto route = *static_cast<const socket_route*>(what.route.context.get());
  auto groups = route.messages->default_groups;
  if (what.who)
    for (auto& group : what.who->groups)
      if (std::find(groups.begin(), groups.end(), group) == groups.end())
        groups.push_back(group);
  auto attributes = attributes_of(what, route);
  auto connection = std::make_unique<net::connection>(
      home_.loop(), std::move(what.stream), what.route.connection,
      what.compression);
  if (report_.wants(report_part::socket, report::severity::debug))
    report_({report::severity::debug,
             "socket opened",
             {{"socket", std::string{attributes->socket_id()}},
              {"config", std::string{attributes->config()}},
              {"path", std::string{attributes->path()}},
              {"remote", std::string{attributes->remote_address()}}},
             report_part::socket});
  auto handle = make_bound<socket>(home_, host_, std::move(attributes),
                                   std::move(route), std::move(what.lease));
  adopter_.adopt(handle, groups);
  auto& who = *static_cast<socket*>(handle->get());
  if (what.who && what.who->expires)
    adopter_.expires(who, *what.who->expires);
  who.start(std::move(connection), what.received);
}

caf::expected<caf::strong_actor_ptr>
gateway::take(actors::open_outbound& request, net::dialed&& what) {
  auto& plan = *request.plan;
  auto route = routes_.find_outbound(plan.profile->config, plan.relative_path);
  if (!route)
    return make_error(errc::connectivity, "the switchboard is stopping");
  auto attributes = attributes_of(what, plan, request.generation);
  auto connection = std::make_unique<net::connection>(
      home_.loop(), std::move(what.stream), plan.connection, what.compression);
  auto again = request.socket != nullptr;
  auto part = again ? report_part::outbound : report_part::socket;
  auto level = again ? report::severity::info : report::severity::debug;
  if (report_.wants(part, level))
    report_({level,
             again ? "socket reconnected" : "socket opened",
             {{"socket", plan.socket_id},
              {"config", plan.profile->config},
              {"path", std::string{attributes->path()}},
              {"remote", std::string{attributes->remote_address()}},
              {"generation", std::to_string(request.generation)}},
             part});
  if (request.socket) {
    auto& who = *static_cast<socket*>(request.socket->get());
    if (!who.go_on(std::move(connection), what.received, std::move(attributes),
                   std::move(*route)))
      return make_error(errc::connectivity, "the socket was closed meanwhile");
    return request.socket;
  }
  auto handle = make_bound<socket>(home_, host_, std::move(attributes),
                                   std::move(*route), request.plan);
  adopter_.adopt(handle, plan.groups);
  static_cast<socket*>(handle->get())
      ->start(std::move(connection), what.received);
  return handle;
}

void gateway::refused(const net::listener_state& listener, unsigned status,
                      std::string_view remote_address,
                      std::string_view detail) {
  auto& counters = home_.counters();
  counters.handshakes.refused(status);
  if (status == 431)
    counters.reached(limit_kind::header_size);
  else if (status == 408)
    counters.reached(limit_kind::handshake_time);
  if (report_.wants(report_part::listener, report::severity::debug))
    report_({report::severity::debug,
             "handshake refused",
             {{"listener", listener.options.name},
              {"remote", std::string{remote_address}},
              {"status", std::to_string(status)},
              {"detail", std::string{detail}}},
             report_part::listener});
}

void gateway::credentials_refused(const net::listener_state& listener,
                                  std::string_view remote_address,
                                  std::string_view why) {
  if (report_ && listener.tells_credentials(home_.loop().now()))
    report_({report::severity::warning,
             "credentials refused; further ones within a minute are not told",
             {{"listener", listener.options.name},
              {"remote", std::string{remote_address}},
              {"reason", std::string{why}}},
             report_part::listener});
}

void gateway::limit_reached(const net::listener_state&,
                            net::listener_limit what) {
  home_.counters().reached(kind_of(what));
}

void gateway::abandoned(const net::listener_state&) {
  home_.counters().handshakes.abandoned();
}

void gateway::accept_failed(const net::listener_state& listener,
                            const boost::system::error_code& error) {
  report_({report::severity::warning,
           "accepting pauses",
           {{"listener", listener.options.name}, {"error", error.message()}},
           report_part::listener});
}

} // namespace switchboard::actors
