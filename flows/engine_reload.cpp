#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "flows/backend_caller.hpp"
#include "flows/engine.hpp"
#include "flows/has_ended.hpp"

// Apart from engine.cpp: another program in the place of the one that runs.

namespace switchboard::flows {

namespace {

/// How long shards and registry may take to know; they get to know even when
/// nobody waits any more.
constexpr auto change_time = std::chrono::seconds{10};

bool feeds_sockets(flow_source source) {
  return source != flow_source::none && source != flow_source::startup
         && source != flow_source::schedule;
}

} // namespace

std::optional<engine::slot> engine::take_known(std::vector<slot>& from,
                                               const flow& what) {
  for (auto i = from.begin(); i != from.end(); ++i)
    if (i->name == what.name && i->source == what.source) {
      auto result = std::move(*i);
      from.erase(i);
      return result;
    }
  return std::nullopt;
}

caf::error engine::find_stores(const program& code) const {
  for (auto& what : code.flows)
    if (auto guard = guard_of(what, nullptr); !guard)
      return guard.error();
  return caf::none;
}

caf::error engine::reload(std::shared_ptr<const program> code,
                          const backend_options& backends) {
  std::lock_guard whole{reloading_};
  if (stopped_)
    return make_error(errc::connectivity, "the switchboard is stopping");
  auto routes = backend_routes::make(*code, backends, routes_.get());
  if (!routes)
    return routes.error();
  if (auto problem = find_stores(*code))
    return problem;
  if (!backends_ && !code->backends.empty()) {
    try {
      backends_ =
          system_.spawn<backend_caller>(std::make_unique<net::http_client>());
    } catch (const std::system_error& failure) {
      return make_error(errc::connectivity,
                        std::string{"http_request cannot start: "}
                            + failure.what());
    }
  }
  routes_ = std::move(*routes);
  std::vector<slot> gone;
  std::vector<bool> is_new;
  {
    std::lock_guard guard{mutex_};
    program_ = std::move(code);
    auto before = std::exchange(slots_, {});
    for (auto& what : program_->flows) {
      auto known = take_known(before, what);
      if (!known)
        known = take_known(removed_, what);
      is_new.push_back(!known);
      auto next = known ? std::move(*known) : make_slot(what);
      next.config = what.config;
      next.path = what.path;
      set_limit(next, what);
      next.guard = *guard_of(what, next.guard);
      slots_.push_back(std::move(next));
    }
    gone = std::move(before);
  }
  make_sandboxes();
  auto problem = start_streams();
  hand_out(is_new);
  if (auto another = update_sources(gone))
    problem = std::move(another);
  for (auto& what : gone) {
    for (auto& one : what.runners)
      caf::anon_send(one, retire_atom::value);
    what.known.reset();
    if (feeds_sockets(what.source))
      report_({report::severity::info,
               "the flow is no more: what its open sockets send is dropped",
               {{"flow", what.name}},
               report_part::flow});
    // One that nobody can feed ends.
    if (!feeds_sockets(what.source)) {
      for (auto& one : what.runners)
        caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
      what.runners.clear();
    }
  }
  std::lock_guard guard{mutex_};
  for (auto& what : gone)
    if (!what.runners.empty())
      removed_.push_back(std::move(what));
  return problem;
}

void engine::hand_out(const std::vector<bool>& is_new) {
  caf::scoped_actor self{system_};
  std::vector<caf::response_handle<caf::blocking_actor, caf::message, true>>
      answers;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto& what = slots_[i];
    for (std::size_t shard = 0; shard < what.runners.size(); ++shard) {
      if (replace(what, i, shard))
        continue;
      answers.push_back(
          self->request(what.runners[shard], caf::duration{change_time},
                        use_code{{program_, sandboxes_[shard], routes_},
                                 i,
                                 backends_,
                                 what.gate,
                                 streams_,
                                 what.guard}));
    }
    if (!is_new[i] || what.source == flow_source::none)
      continue;
    spawn(what, i);
    if (what.source == flow_source::schedule)
      caf::anon_send(what.runners.front(), begin_atom::value);
  }
  for (auto& answer : answers)
    answer.receive([] {},
                   [](const caf::error&) {
                     // It ends, or is late: the message is on its way.
                   });
}

bool engine::replace(slot& of, std::size_t flow, std::size_t shard) {
  auto& one = of.runners[shard];
  if (!has_ended(one))
    return false;
  report_({report::severity::warning,
           "a runner of the flow had died and is replaced",
           {{"flow", of.name}, {"shard", std::to_string(shard)}},
           report_part::flow});
  auto next = make_runner(of, flow, shard, of.counters[shard]);
  if (of.source == flow_source::schedule)
    caf::anon_send(next, begin_atom::value);
  std::lock_guard guard{mutex_};
  of.replaced.push_back(std::exchange(one, std::move(next)));
  return true;
}

caf::error engine::update_sources(const std::vector<slot>& gone) {
  // One message for each configuration, so that no handshake comes between.
  std::map<std::string, update_sources_request> requests;
  auto remove = [&](const slot& what) {
    if (!what.known || what.runners.empty())
      return;
    auto& request = requests[what.known->config];
    request.config = what.known->config;
    request.remove.push_back(
        caf::actor_cast<caf::strong_actor_ptr>(what.runners.front()));
  };
  for (auto& what : gone)
    remove(what);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto& what = slots_[i];
    auto& of = program_->flows[i];
    if (!feeds_sockets(of.source))
      continue;
    subscribed wanted{of.config, of.path, of.default_groups, of.reconnection,
                      of.send_queue};
    if (what.known == wanted && what.replaced.empty())
      continue;
    remove(what);
    auto& request = requests[of.config];
    // Where the registry does not know of their end yet.
    for (auto& one : std::exchange(what.replaced, {}))
      request.remove.push_back(caf::actor_cast<caf::strong_actor_ptr>(one));
    request.config = of.config;
    request.add.push_back(request_of(what, of));
    what.known = std::move(wanted);
  }
  caf::error result;
  caf::scoped_actor self{system_};
  for (auto& [config, request] : requests)
    self->request(host_.registry, caf::duration{change_time}, request)
        .receive([] {},
                 [&](const caf::error& problem) {
                   auto code = code_of(problem).value_or(errc::timeout);
                   result = make_error(code, "the flows of " + config + ": "
                                                 + describe(problem).message);
                 });
  return result;
}

} // namespace switchboard::flows
