#include "actors/registry.hpp"

#include <algorithm>
#include <utility>

#include "actors/outgoing_of.hpp"
#include "actors/promises.hpp"
#include "actors/registry_taps.hpp"
#include "actors/socket.hpp"
#include "actors/socket_id.hpp"
#include "actors/statistics.hpp"
#include "net/utf8.hpp"

namespace switchboard::actors {

namespace {

using self_pointer = internal_registry_actor::stateful_pointer<registry_state>;

constexpr std::uint32_t most_listed = 10'000;
caf::error wrong(std::string text) {
  return make_error(errc::invalid_argument, std::move(text));
}

/// Asks every shard the same and merges the answers.
/// @param merge takes the sum so far and one answer; order is by arrival.
/// @param finish puts the finishing touch to the sum.
template <class Part, class Total, class Request, class Merge, class Finish>
caf::result<Total> gather(self_pointer self,
                          const std::vector<caf::strong_actor_ptr>& shards,
                          const Request& request, Merge merge, Finish finish) {
  struct progress {
    Total total;
    std::size_t open;
    caf::typed_response_promise<Total> promise;
    caf::error failure;
  };
  auto state = std::make_shared<progress>();
  state->open = shards.size();
  state->promise = self->template make_response_promise<Total>();
  auto step = [state, finish] {
    if (--state->open > 0)
      return;
    if (state->failure)
      state->promise.deliver(std::move(state->failure));
    else {
      finish(state->total);
      state->promise.deliver(std::move(state->total));
    }
  };
  for (auto& shard : shards)
    self->request(caf::actor_cast<caf::actor>(shard), caf::infinite, request)
        .then(
            [state, merge, step](Part& part) {
              merge(state->total, part);
              step();
            },
            [state, step](caf::error&) {
              state->failure =
                  make_error(errc::connectivity, "the switchboard is stopping");
              step();
            });
  auto promise = state->promise;
  if (shards.empty())
    promise.deliver(
        make_error(errc::connectivity, "the switchboard is stopping"));
  return promise;
}

const handshake_attributes&
identity_of(const caf::strong_actor_ptr& handle) noexcept {
  return static_cast<const socket&>(*handle->get()).identity();
}

caf::error judge_close(close_code code, const std::string& reason) {
  if (!is_sendable(code))
    return wrong("close code " + std::to_string(code) + " cannot be sent");
  if (reason.size() > max_close_reason)
    return wrong("a close reason has at most 123 bytes");
  if (!net::is_utf8(std::as_bytes(std::span{reason})))
    return wrong("a close reason is UTF-8");
  return caf::none;
}

caf::result<broadcast_result> broadcast(self_pointer self,
                                        const broadcast_request& request) {
  auto filter = prepare(self->state, request.to);
  if (!filter)
    return std::move(filter.error());
  auto& content = request.content;
  if (!is_well_formed(content))
    return wrong("text content is not UTF-8");
  auto message = outgoing_of(content);
  // Here once, instead of once a shard.
  if (!message.large())
    message.plain();
  return gather<broadcast_result, broadcast_result>(
      self, self->state.shards, walk_broadcast{*filter, std::move(message)},
      [](broadcast_result& total, broadcast_result& part) {
        total.matched += part.matched;
        std::move(part.failures.begin(), part.failures.end(),
                  std::back_inserter(total.failures));
      },
      [counters = self->state.counters,
       since = net::clock::now()](broadcast_result& total) {
        count(*counters, total);
        counters->broadcast_times.add(net::clock::now() - since);
      });
}

caf::result<bulk_close_result> bulk_close(self_pointer self,
                                          const bulk_close_request& request) {
  auto filter = prepare(self->state, request.to);
  if (!filter)
    return std::move(filter.error());
  if (auto problem = judge_close(request.code, request.reason))
    return problem;
  return gather<bulk_close_result, bulk_close_result>(
      self, self->state.shards,
      walk_close{*filter, request.code, request.reason},
      [](bulk_close_result& total, bulk_close_result& part) {
        total.closed += part.closed;
      },
      [counters = self->state.counters,
       since = net::clock::now()](bulk_close_result&) {
        counters->bulk_closings.add(net::clock::now() - since);
      });
}

caf::result<socket_list> list_sockets(self_pointer self,
                                      const list_sockets_request& request) {
  auto filter = prepare(self->state, request.which);
  if (!filter)
    return std::move(filter.error());
  if (request.limit == 0 || request.limit > most_listed)
    return wrong("a limit is 1 to 10000");
  auto limit = std::size_t{request.limit};
  return gather<socket_list, socket_list>(
      // One more than asked for tells whether there is a next page.
      self, self->state.shards, walk_list{*filter, limit + 1, request.after},
      [](socket_list& total, socket_list& part) {
        std::move(part.sockets.begin(), part.sockets.end(),
                  std::back_inserter(total.sockets));
      },
      [limit](socket_list& total) {
        auto& list = total.sockets;
        std::sort(list.begin(), list.end(), [](auto& x, auto& y) {
          return x.attributes->socket_id() < y.attributes->socket_id();
        });
        if (list.size() > limit) {
          list.resize(limit);
          total.next = list.back().attributes->socket_id();
        }
      });
}

caf::result<closed_list> list_closed(const registry_state& state,
                                     const list_closed_request& request) {
  auto filter = prepare(state, request.which);
  if (!filter)
    return std::move(filter.error());
  if (request.limit == 0 || request.limit > post_mortems_kept)
    return wrong("a limit is 1 to 1000");
  return state.closed->list(**filter, request.limit, request.before);
}

caf::result<post_mortem> get_closed(const registry_state& state,
                                    const get_closed_request& request) {
  if (auto found = state.closed->find(request.socket_id))
    return std::move(*found);
  return make_error(errc::no_such_socket,
                    "none of the last sockets that are gone has the id `"
                        + request.socket_id.substr(0, 128) + "`");
}

caf::result<group_list> list_groups(self_pointer self,
                                    const list_groups_request& request) {
  if (!self->state.known_config(request.config))
    return wrong("no configuration is called `" + request.config + "`");
  return gather<group_list, group_list>(
      self, self->state.shards, walk_groups{request.config},
      [](group_list& total, group_list& part) {
        std::move(part.groups.begin(), part.groups.end(),
                  std::back_inserter(total.groups));
      },
      [](group_list& total) {
        auto& list = total.groups;
        auto key = [](auto& x) {
          return std::tie(x.config, x.name);
        };
        std::sort(list.begin(), list.end(),
                  [&](auto& x, auto& y) { return key(x) < key(y); });
        // A group may have members on several shards.
        std::vector<group_info> sums;
        for (auto& part : list) {
          if (!sums.empty() && key(sums.back()) == key(part))
            sums.back().sockets += part.sockets;
          else
            sums.push_back(std::move(part));
        }
        list = std::move(sums);
      });
}

caf::result<config_list> list_configs(self_pointer self) {
  auto promise = self->make_response_promise<config_list>();
  struct progress {
    config_list total;
    std::size_t open;
  };
  auto state = std::make_shared<progress>();
  state->open = self->state.supervisors.size();
  auto step = [promise, state]() mutable {
    if (state->open > 0)
      return;
    auto& list = state->total.configs;
    std::sort(list.begin(), list.end(),
              [](auto& x, auto& y) { return x.name < y.name; });
    promise.deliver(std::move(state->total));
  };
  for (auto& [name, supervisor] : self->state.supervisors)
    self->request(supervisor, caf::infinite, list_configs_request{})
        .then(
            [state, step](config_info& part) mutable {
              state->total.configs.push_back(std::move(part));
              --state->open;
              step();
            },
            [state, step](caf::error&) mutable {
              --state->open;
              step();
            });
  step();
  return promise;
}

/// Settles on a configuration and an id; the supervisor does the rest.
caf::result<std::string>
open_outbound_socket(self_pointer self,
                     const open_outbound_socket_request& request) {
  auto& state = self->state;
  auto& clients = state.clients;
  auto chosen = request;
  if (chosen.config.empty()) {
    if (clients.size() != 1)
      return wrong(clients.empty()
                       ? "no configuration has client settings"
                       : "several configurations have client settings: name "
                         "one of them");
    chosen.config = clients.front();
  }
  auto supervisor = state.supervisors.find(chosen.config);
  if (supervisor == state.supervisors.end())
    return wrong("no configuration is called `" + chosen.config + "`");
  if (chosen.socket_id.empty()) {
    do
      chosen.socket_id = make_socket_id();
    while (!state.sockets->reserve(chosen.socket_id));
  } else {
    if (auto problem = judge_socket_id(chosen.socket_id); !problem.empty())
      return make_error(errc::invalid_socket_id, std::string{problem});
    if (!state.sockets->reserve(chosen.socket_id))
      return make_error(errc::non_unique_socket_id, "a socket has the id `"
                                                        + chosen.socket_id
                                                        + "` already");
  }
  return self->delegate(supervisor->second, std::move(chosen));
}

caf::result<void> send_by_own_strategy(self_pointer self,
                                       const send_request& request) {
  caf::error problem;
  auto found = self->state.find(request.config, request.socket_id, problem);
  if (!found)
    return problem;
  auto promise = self->make_response_promise<void>();
  self->request(caf::actor_cast<caf::actor>(found), caf::infinite,
                send_by_strategy{request.content, *request.reconnection})
      .then([promise]() mutable { fulfill(promise); },
            [promise](caf::error& why) mutable {
              promise.deliver(std::move(why));
            });
  return promise;
}

} // namespace

caf::expected<std::shared_ptr<const compiled_filter>>
prepare(const registry_state& state, const socket_filter& filter) {
  if (!state.known_config(filter.config))
    return wrong("no configuration is called `" + filter.config + "`");
  auto problem = judge_groups(filter.groups);
  if (!problem.empty())
    return wrong(std::move(problem));
  auto result = compile(filter);
  if (!result)
    return std::move(result.error());
  return std::make_shared<const compiled_filter>(std::move(*result));
}

socket_actor registry_state::find(const std::string& config,
                                  const std::string& socket_id,
                                  caf::error& problem) const {
  if (!known_config(config)) {
    problem = wrong("no configuration is called `" + config + "`");
    return {};
  }
  auto found = sockets->find(socket_id);
  if (!found || (!config.empty() && identity_of(found).config() != config)) {
    problem =
        make_error(errc::no_such_socket,
                   "no socket has the id `" + socket_id.substr(0, 128) + "`"
                       + (config.empty() ? "" : " in `" + config + "`"));
    return {};
  }
  return caf::actor_cast<socket_actor>(found);
}

bool registry_state::known_config(const std::string& config) const {
  return config.empty() || supervisors.count(config) != 0;
}

internal_registry_actor::behavior_type
registry(self_pointer self, std::shared_ptr<socket_index> sockets,
         std::shared_ptr<closed_sockets> closed,
         std::shared_ptr<registry_counters> counters) {
  auto& state = self->state;
  state.self = self;
  state.sockets = std::move(sockets);
  state.closed = std::move(closed);
  state.counters = std::move(counters);
  self->set_down_handler([self](const caf::down_msg& down) {
    forget_taps(self->state, down.source);
  });
  // Delegates to one socket, or tells why it cannot.
  auto route = [self](const auto& request, auto message) -> caf::result<void> {
    caf::error problem;
    auto found = self->state.find(request.config, request.socket_id, problem);
    if (!found)
      return problem;
    return self->delegate(found, std::move(message));
  };
  return {
      [self, route](const send_request& x) -> caf::result<void> {
        return x.reconnection ? send_by_own_strategy(self, x)
                              : route(x, socket_send{x.content});
      },
      [self](const broadcast_request& x) { return broadcast(self, x); },
      [route](const close_request& x) -> caf::result<void> {
        if (auto problem = judge_close(x.code, x.reason))
          return problem;
        return route(x, socket_close{x.code, x.reason});
      },
      [self](const bulk_close_request& x) { return bulk_close(self, x); },
      [route](const subscribe_groups_request& x) -> caf::result<void> {
        if (auto problem = judge_groups(x.groups); !problem.empty())
          return wrong(std::move(problem));
        return route(x, socket_subscribe{x.groups});
      },
      [route](const unsubscribe_groups_request& x) -> caf::result<void> {
        return route(x, socket_unsubscribe{x.groups});
      },
      [route](const renew_token_request& x) -> caf::result<void> {
        return route(x, socket_renew_token{x.token});
      },
      [self](const get_socket_request& x) -> caf::result<socket_info> {
        caf::error problem;
        auto found = self->state.find({}, x.socket_id, problem);
        if (!found)
          return problem;
        return self->delegate(found, socket_query{});
      },
      [self](const list_sockets_request& x) { return list_sockets(self, x); },
      [self](const list_closed_request& x) {
        return list_closed(self->state, x);
      },
      [self](const get_closed_request& x) {
        return get_closed(self->state, x);
      },
      [self](const list_groups_request& x) { return list_groups(self, x); },
      [self](list_configs_request) { return list_configs(self); },
      [self](const subscribe_source_request& x) -> caf::result<void> {
        auto& supervisors = self->state.supervisors;
        // The only configuration needs no name.
        auto i = x.config.empty() && supervisors.size() == 1
                     ? supervisors.begin()
                     : supervisors.find(x.config);
        if (i == supervisors.end())
          return wrong("no configuration is called `" + x.config + "`");
        return self->delegate(i->second, x);
      },
      [self](const update_sources_request& x) -> caf::result<void> {
        auto i = self->state.supervisors.find(x.config);
        if (i == self->state.supervisors.end())
          return wrong("no configuration is called `" + x.config + "`");
        return self->delegate(i->second, x);
      },
      [self](const open_outbound_socket_request& x) {
        return open_outbound_socket(self, x);
      },
      [self](const tap_request& x) { return start_tap(self, x); },
      [self](const end_taps& x) { return end_all_taps(self, x); },
      [self](const tap_over& x) { count_tap_over(self, x); },
      [self](registry_setup& x) {
        self->state.shards = std::move(x.shards);
        self->state.supervisors = std::move(x.supervisors);
        self->state.clients = std::move(x.clients);
      },
  };
}

} // namespace switchboard::actors
