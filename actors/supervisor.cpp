#include "actors/supervisor.hpp"

#include <utility>

#include "actors/promises.hpp"
#include "actors/reconnect.hpp"

namespace switchboard::actors {

namespace {

/// The most messages of one socket that a target may owe an answer for.
constexpr std::uint32_t most_credit = 1u << 16;

} // namespace

void supervisor_state::attempt() {
  if (setup.options.server && address.empty()) {
    auto& listener = setup.options.server->listener;
    auto bound = setup.bind(listener);
    if (!bound) {
      failed(report_part::listener, "listener " + listener, listener_strategy(),
             std::move(bound.error()));
      return;
    }
    address = std::move(*bound);
    if (setup.on_ready)
      setup.on_ready();
  }
  if (!reached) {
    test_peer();
    return;
  }
  problem = caf::none;
  settle(caf::none);
}

/// Tries whether the client settings lead to somebody.
void supervisor_state::test_peer() {
  auto me = caf::actor_cast<caf::strong_actor_ptr>(self);
  auto& strategy = setup.options.reconnection;
  auto plan = make_outbound_plan(
      setup.profile, {}, [&strategy](auto&) -> auto& { return strategy; },
      std::move(me));
  if (!plan) {
    settle(plan.error());
    return;
  }
  auto peer = "peer " + (*plan)->address();
  self->request(caf::actor_cast<caf::actor>(setup.shards.front()),
                caf::infinite,
                test_outbound{std::move(*plan),
                              setup.profile->options.connection_timeout})
      .then(
          [this] {
            reached = true;
            attempt();
          },
          [this, peer](caf::error& why) {
            failed(report_part::outbound, peer, setup.options.reconnection,
                   std::move(why));
          });
}

/// Binding the listener, or reaching the peer, has failed.
/// @param what for the reports.
void supervisor_state::failed(report_part about, const std::string& what,
                              const reconnection_options& strategy,
                              caf::error why) {
  problem = std::move(why);
  auto roll = std::uniform_real_distribution<double>{0.0, 1.0}(dice);
  auto wait = reconnect_delay(strategy, attempts, roll);
  auto text = switchboard::describe(problem).message;
  if (!wait) {
    tell(about, report::severity::error, "giving up on " + what,
         {{"config", setup.options.name},
          {"attempts", std::to_string(attempts + 1)},
          {"error", text}});
    if (strategy.fails_deployment
        && strategy.strategy != reconnection_strategy::none)
      settle(make_error(errc::retry_exhausted,
                        "gave up after " + std::to_string(attempts + 1)
                            + " attempts: " + text));
    else
      settle(strategy.fails_deployment ? problem : caf::error{});
    return;
  }
  tell(about, report::severity::warning, what + " is out of reach",
       {{"config", setup.options.name},
        {"attempt", std::to_string(attempts + 1)},
        {"error", text}});
  ++attempts;
  if (!std::exchange(retrying, true))
    self->delayed_send(self, *wait, again_atom::value);
  if (!strategy.fails_deployment)
    settle(caf::none);
}

void supervisor_state::settle(caf::error outcome) {
  if (!std::exchange(waiting, false))
    return;
  if (outcome)
    begun.deliver(std::move(outcome));
  else
    fulfill(begun);
}

/// The strategy of the configuration's listener: that of its sources where
/// they bring one, else the configuration's.
const reconnection_options&
supervisor_state::listener_strategy() const noexcept {
  return own_listener_strategy ? *own_listener_strategy
                               : setup.options.reconnection;
}

/// The strategy of outbound sockets on a path that bring none themselves.
const reconnection_options&
supervisor_state::outbound_strategy(const std::string& path) const {
  auto source = find_subscription(routes.outbound, path);
  return source != nullptr && source->reconnection ? *source->reconnection
                                                   : setup.options.reconnection;
}

/// The send queue that a source says for outbound sockets on its path.
send_queue_options
supervisor_state::outbound_queue(const std::string& path) const {
  auto source = find_subscription(routes.outbound, path);
  return source != nullptr ? source->send_queue : send_queue_options{};
}

caf::error
supervisor_state::add_source(config_routes& to,
                             std::optional<reconnection_options>& own,
                             const subscribe_source_request& request) const {
  std::string wrong;
  auto pattern = path_pattern::parse(request.path, &wrong);
  if (!pattern)
    return make_error(errc::invalid_argument,
                      "path `" + request.path + "`: " + wrong);
  auto& targets = request.targets;
  if (targets.empty()
      || (targets.size() != 1 && targets.size() != setup.shards.size()))
    return make_error(errc::invalid_argument,
                      "a source has one target, or one for each shard");
  for (auto& target : targets)
    if (!target)
      return make_error(errc::invalid_argument, "a target is no actor");
  if (request.credit == 0 || request.credit > most_credit)
    return make_error(errc::invalid_argument, "a credit is 1 to 65536");
  auto& strategy = request.reconnection;
  auto binds = strategy && request.kind != source_kind::outbound_listener;
  if (binds && own && *own != *strategy)
    return make_error(errc::invalid_argument,
                      "two sources of `" + routes.config
                          + "` differ in how their listener is bound");
  auto what = std::make_shared<subscription>(
      subscription{std::move(*pattern), targets, request.default_groups,
                   request.credit, strategy,
                   request.send_queue == send_queue_options{}
                       ? nullptr
                       : with_send_queue(to.connection, request.send_queue),
                   request.send_queue});
  if (auto problem = add_subscription(to, request.kind, std::move(what)))
    return problem;
  if (binds)
    own = strategy;
  return caf::none;
}

caf::result<void>
supervisor_state::subscribe(const subscribe_source_request& request) {
  if (auto problem = add_source(routes, own_listener_strategy, request))
    return problem;
  for (auto& target : request.targets)
    self->monitor(caf::actor_cast<caf::actor>(target));
  return publish();
}

caf::result<void>
supervisor_state::update(const update_sources_request& request) {
  auto next = routes;
  for (auto& target : request.remove)
    remove_target(next, caf::actor_cast<caf::actor_addr>(target));
  std::optional<reconnection_options> own;
  for (auto list : {&next.listeners, &next.connections, &next.closings})
    for (auto& what : *list)
      if (what->reconnection)
        own = what->reconnection;
  for (auto& what : request.add)
    if (auto problem = add_source(next, own, what))
      return problem;
  routes = std::move(next);
  own_listener_strategy = std::move(own);
  for (auto& what : request.add)
    for (auto& target : what.targets)
      self->monitor(caf::actor_cast<caf::actor>(target));
  return publish();
}

caf::result<void> supervisor_state::change(const reconfigure& request) {
  setup.options = request.options;
  setup.base_path = request.base_path;
  setup.profile = request.profile;
  use_server_options();
  keeper.use(setup.profile);
  // Whether the listener is bound is found out again: it may be another.
  address.clear();
  attempts = 0;
  reached = true;
  attempt();
  if (!setup.options.server && !setup.options.client)
    problem = make_error(errc::connectivity,
                         "is no more in the options: it takes no sockets");
  return publish();
}

/// What the routes take from the options.
void supervisor_state::use_server_options() {
  routes.base_path = setup.base_path;
  routes.listener.clear();
  routes.connection = nullptr;
  routes.subprotocols.clear();
  routes.max_groups = config_routes{}.max_groups;
  if (auto& server = setup.options.server) {
    routes.listener = server->listener;
    routes.connection = std::make_shared<const net::connection_options>(
        connection_options_of(*server));
    routes.subprotocols = server->subprotocols;
    routes.max_groups[static_cast<std::size_t>(socket_type::inbound)] =
        server->max_groups_per_socket;
  }
  if (auto& client = setup.options.client)
    routes.max_groups[static_cast<std::size_t>(socket_type::outbound)] =
        client->max_groups_per_socket;
  // Those with a queue of their own have the rest from here.
  for (auto& what : routes.listeners)
    if (what->send_queue != send_queue_options{}) {
      auto own = std::make_shared<subscription>(*what);
      own->connection = with_send_queue(routes.connection, own->send_queue);
      what = std::move(own);
    }
}

void supervisor_state::install() {
  auto snapshot = std::make_shared<const config_routes>(routes);
  for (auto& shard : setup.shards)
    caf::anon_send(caf::actor_cast<caf::actor>(shard),
                   install_routes{snapshot});
}

caf::result<void> supervisor_state::publish() {
  auto promise = self->make_response_promise<void>();
  auto snapshot = std::make_shared<const config_routes>(routes);
  auto open = std::make_shared<std::size_t>(setup.shards.size());
  auto step = [open, promise]() mutable {
    if (--*open == 0)
      fulfill(promise);
  };
  for (auto& shard : setup.shards)
    self->request(caf::actor_cast<caf::actor>(shard), caf::infinite,
                  install_routes{snapshot})
        .then([step]() mutable { step(); },
              [step](caf::error&) mutable { step(); });
  return promise;
}

void supervisor_state::forget(const caf::actor_addr& target,
                              const caf::error& reason) {
  if (!remove_target(routes, target))
    return;
  if (reason != caf::exit_reason::user_shutdown)
    tell(report_part::flow, report::severity::warning,
         "a source has lost its target",
         {{"config", setup.options.name}, {"reason", to_string(reason)}});
  auto snapshot = std::make_shared<const config_routes>(routes);
  for (auto& shard : setup.shards) {
    auto handle = caf::actor_cast<caf::actor>(shard);
    caf::anon_send(handle, install_routes{snapshot});
    caf::anon_send(handle, target_died{target});
  }
}

config_info supervisor_state::describe() const {
  config_info result;
  result.name = setup.options.name;
  if (setup.options.server)
    result.listener = setup.options.server->listener;
  result.base_path = setup.base_path;
  result.listening = !address.empty();
  result.address = address;
  // In this order, so that the difference is never negative.
  result.closed = routes.counters->closed.load();
  result.opened = routes.counters->opened.load();
  result.sockets = result.opened - result.closed;
  result.lost = routes.counters->lost.load();
  if (problem)
    result.problem = switchboard::describe(problem).message;
  return result;
}

void supervisor_state::tell(report_part about, report::severity level,
                            std::string text, string_pairs fields) const {
  setup.on_report({level, std::move(text), std::move(fields), about});
}

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
           supervisor_setup setup) {
  auto& state = self->state;
  state.self = self;
  state.routes.config = setup.options.name;
  auto& strategy = setup.options.reconnection;
  state.reached = !setup.profile || !setup.profile->options.host
                  || !strategy.fails_deployment;
  state.routes.counters =
      setup.counters ? setup.counters : std::make_shared<config_counters>();
  auto lookup = [self](const std::string& path) -> auto& {
    return self->state.outbound_strategy(path);
  };
  state.keeper.start(self, {setup.profile, lookup, setup.shards, setup.sockets,
                            setup.on_report, state.routes.counters,
                            [self](const std::string& path) {
                              return self->state.outbound_queue(path);
                            }});
  state.setup = std::move(setup);
  state.use_server_options();
  // So that shards know the configuration before its first source.
  state.install();
  self->set_down_handler([self](const caf::down_msg& down) {
    if (!self->state.keeper.forget(down.source))
      self->state.forget(down.source, down.reason);
  });
  return {
      [self](begin_atom) -> caf::result<void> {
        auto& state = self->state;
        state.begun = self->make_response_promise<void>();
        state.waiting = true;
        auto promise = state.begun;
        state.attempt();
        return promise;
      },
      [self](again_atom) {
        self->state.retrying = false;
        self->state.attempt();
      },
      [self](const subscribe_source_request& request) {
        return self->state.subscribe(request);
      },
      [self](list_configs_request) { return self->state.describe(); },
      [self](const open_outbound_socket_request& request) {
        return self->state.keeper.open(request);
      },
      [self](const outbound_lost& what) { self->state.keeper.lost(what); },
      [self](const dial_again& what) {
        self->state.keeper.dial_again(what.serial);
      },
      [self](const place_expired& what) {
        self->state.keeper.place_expired(what.serial);
      },
      [self](stop_dialing) { self->state.keeper.stop(); },
      [self](const update_sources_request& request) {
        return self->state.update(request);
      },
      [self](const reconfigure& request) {
        return self->state.change(request);
      },
      [self](const withdraw_outbound& what) {
        return self->state.keeper.withdraw(what.socket_id);
      },
  };
}

} // namespace switchboard::actors
