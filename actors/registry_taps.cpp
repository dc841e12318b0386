#include "actors/registry_taps.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "actors/promises.hpp"
#include "actors/shard.hpp"
#include "actors/socket.hpp"

namespace switchboard::actors {

namespace {

using self_pointer = internal_registry_actor::stateful_pointer<registry_state>;

caf::error wrong(std::string text) {
  return make_error(errc::invalid_argument, std::move(text));
}

caf::error judge(const registry_state& state, const tap_request& request) {
  if (!request.target)
    return wrong("a tap needs a target");
  if (!(request.sample >= min_tap_sample && request.sample <= 1))
    return wrong("a tap's sample is 0.000001 to 1");
  if (request.rate == 0 || request.rate > max_tap_rate)
    return wrong("a tap's rate is 1 to 10000 events a second");
  if (request.payload_limit > max_tap_payload)
    return wrong("a tap's payloads have at most 65536 bytes");
  if (state.taps_ended)
    return make_error(errc::connectivity, "the switchboard is stopping");
  if (state.taps.size() >= max_taps)
    return make_error(errc::too_many_requests,
                      "there are " + std::to_string(max_taps)
                          + " taps already, which is all there may be");
  return caf::none;
}

/// The shards that a tap is for.
/// @param problem set where there are none.
std::vector<caf::strong_actor_ptr> shards_for(const registry_state& state,
                                              const tap_request& request,
                                              caf::error& problem) {
  if (request.socket_id.empty())
    return state.shards;
  auto found = state.sockets->find(request.socket_id);
  if (!found) {
    problem = make_error(errc::no_such_socket,
                         "no socket has the id `"
                             + request.socket_id.substr(0, 128) + "`");
    return {};
  }
  auto& who = static_cast<const socket&>(*found->get());
  return {state.shards[who.home().index()]};
}

bool has_tap(const registry_state& state, const caf::strong_actor_ptr& target) {
  return std::any_of(state.taps.begin(), state.taps.end(), [&](auto& known) {
    return known.second.target == target;
  });
}

/// A target is watched once, however many taps it has.
void add(self_pointer self, std::uint64_t id, caf::strong_actor_ptr target,
         std::size_t shards) {
  auto& state = self->state;
  if (!has_tap(state, target))
    self->monitor(caf::actor_cast<caf::actor>(target));
  state.taps.emplace(id, registry_state::tap_entry{std::move(target), shards});
}

void forget(self_pointer self, std::uint64_t id) {
  auto& state = self->state;
  auto gone = state.taps.extract(id);
  if (gone && !has_tap(state, gone.mapped().target))
    self->demonitor(caf::actor_cast<caf::actor>(gone.mapped().target));
}

void tell_removed(const registry_state& state, std::uint64_t id) {
  for (auto& shard : state.shards)
    caf::anon_send(caf::actor_cast<caf::actor>(shard), remove_tap{id});
}

/// Asks shards the same; `finish` gets the first error there was, if any.
template <class Request, class Finish>
void ask_all(self_pointer self, const std::vector<caf::strong_actor_ptr>& whom,
             const Request& request, Finish finish) {
  struct progress {
    std::size_t open;
    caf::error failure;
  };
  auto state = std::make_shared<progress>(progress{whom.size(), {}});
  auto step = [state, finish]() mutable {
    if (--state->open == 0)
      finish(state->failure);
  };
  for (auto& shard : whom)
    self->request(caf::actor_cast<caf::actor>(shard), caf::infinite, request)
        .then([step]() mutable { step(); },
              [state, step](caf::error& failure) mutable {
                if (!state->failure)
                  state->failure = std::move(failure);
                step();
              });
}

} // namespace

caf::result<void> start_tap(self_pointer self, const tap_request& request) {
  auto& state = self->state;
  if (auto problem = judge(state, request))
    return problem;
  auto filter = prepare(state, request.which);
  if (!filter)
    return std::move(filter.error());
  caf::error problem;
  auto shards = shards_for(state, request, problem);
  if (problem)
    return problem;
  if (shards.empty())
    return make_error(errc::connectivity, "the switchboard is stopping");
  auto order = std::make_shared<tap_order>();
  order->id = ++state.last_tap;
  order->target = request.target;
  order->registry = caf::actor_cast<caf::strong_actor_ptr>(self);
  order->socket_id = request.socket_id;
  order->filter = **filter;
  order->sample = request.sample;
  order->rate = {request.rate};
  order->payload_limit = request.payload_limit;
  add(self, order->id, request.target, shards.size());
  auto promise = self->make_response_promise<void>();
  ask_all(self, shards, install_tap{order},
          [self, promise, id = order->id](caf::error& failure) mutable {
            if (!failure)
              return fulfill(promise);
            forget(self, id);
            tell_removed(self->state, id);
            promise.deliver(std::move(failure));
          });
  return promise;
}

caf::result<void> end_all_taps(self_pointer self, const end_taps& request) {
  auto& state = self->state;
  state.taps_ended = true;
  auto promise = self->make_response_promise<void>();
  if (state.shards.empty()) {
    fulfill(promise);
    return promise;
  }
  ask_all(self, state.shards, request,
          [self, promise, reason = request.reason](caf::error&) mutable {
            // Who only waits for the end of a tap is let go.
            for (auto& [id, tap] : std::exchange(self->state.taps, {}))
              caf::anon_send(caf::actor_cast<caf::actor>(tap.target),
                             tap_end{reason});
            fulfill(promise);
          });
  return promise;
}

void count_tap_over(self_pointer self, const tap_over& what) {
  auto known = self->state.taps.find(what.id);
  if (known != self->state.taps.end() && --known->second.shards == 0)
    forget(self, what.id);
}

void forget_taps(registry_state& state, const caf::actor_addr& target) {
  std::vector<std::uint64_t> gone;
  for (auto& [id, tap] : state.taps)
    if (caf::actor_cast<caf::actor_addr>(tap.target) == target)
      gone.push_back(id);
  for (auto id : gone) {
    state.taps.erase(id);
    tell_removed(state, id);
  }
}

} // namespace switchboard::actors
