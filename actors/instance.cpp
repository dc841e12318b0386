#include <switchboard/switchboard.hpp>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "actors/check_options.hpp"
#include "actors/instance_impl.hpp"
#include "actors/limits_guard.hpp"
#include "actors/outbound_opener.hpp"
#include "actors/registry.hpp"
#include "actors/shard_actor.hpp"
#include "actors/statistics.hpp"
#include "net/usable_cores.hpp"

namespace switchboard {

namespace {

/// What is left when the drain's time is over is cut; that takes a turn or
/// two of each shard.
constexpr auto cut_time = std::chrono::seconds{2};

/// From one batch of closings to the next.
constexpr auto shortest_pace = std::chrono::milliseconds{1};

/// How long pinned actors may take to end once they were told.
constexpr auto end_time = std::chrono::seconds{5};

} // namespace

void configure(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::switchboard>();
  config.add_error_category(error_category, render_error);
}

namespace {

/// The order of messages holds: the actor ends behind what was sent before.
void send_exit_in_order(const caf::strong_actor_ptr& who) {
  who->enqueue(nullptr, caf::message_id{},
               caf::make_message(caf::exit_msg{
                   caf::actor_addr{}, caf::exit_reason::user_shutdown}),
               nullptr);
}

} // namespace

void instance::impl::start_shards(std::size_t count, io_method io,
                                  const report_function& report) {
  registry = system.spawn(actors::registry, sockets, closed, counters);
  public_registry = registry;
  for (std::size_t i = 0; i < count; ++i)
    shards.push_back(std::make_shared<actors::shard>(system, i, io));
  this->io = shards.front()->loop().method();
  for (auto& shard : shards) {
    shard_actors.push_back(actors::make_bound<actors::shard_actor>(
        *shard, groups.index(), sockets, closed, report));
    groups.index().set_shard(shard->index(), shard_actors.back());
    running_shards->add(shard_actors.back(), running_shards);
    shard->start();
  }
}

void instance::impl::start_supervisors(const switchboard_options& options,
                                       const report_function& report) {
  hub = std::make_unique<actors::listener_hub>(
      options.listeners, wanted_by(options), *tls, *credentials, entry,
      shard_actors, report);
  for (auto& what : options.websockets)
    add_supervisor(what, options);
  introduce(options);
  for (auto& what : options.outbound)
    outbound.push_back(keep(what, options));
}

caf::error instance::impl::begin() {
  caf::scoped_actor self{system};
  auto ask = [&](const actors::supervisor_actor& supervisor) {
    return self->request(supervisor, caf::infinite, actors::begin_atom::value);
  };
  std::vector<decltype(ask(actors::supervisor_actor{}))> open;
  for (auto& [name, supervisor] : supervisors)
    open.push_back(ask(supervisor));
  caf::error result;
  for (auto& answer : open)
    answer.receive([] {},
                   [&](caf::error& failure) {
                     if (!result)
                       result = std::move(failure);
                   });
  return result;
}

template <class Request, class Take>
void instance::impl::ask_shards(const Request& request,
                                std::chrono::nanoseconds patience, Take take) {
  caf::scoped_actor self{system};
  auto ask = [&](const caf::strong_actor_ptr& shard) {
    return self->request(
        caf::actor_cast<caf::actor>(shard),
        caf::duration{std::chrono::ceil<std::chrono::milliseconds>(patience)},
        request);
  };
  std::vector<decltype(ask(caf::strong_actor_ptr{}))> open;
  for (auto& shard : shard_actors)
    open.push_back(ask(shard));
  for (auto& answer : open)
    answer.receive(take, [](const caf::error&) {
      // A shard that is late is not waited for twice.
    });
}

void instance::impl::close_in_batches(
    socket_type type, const drain_options& how,
    std::chrono::steady_clock::time_point deadline) {
  auto every = std::max<std::chrono::nanoseconds>(how.every, shortest_pace);
  auto rounds = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(how.timeout / every / 2));
  actors::close_some request{type, 0, how.code, how.reason};
  request.limit = (how.batch + shards.size() - 1) / shards.size();
  for (;;) {
    auto begun = std::chrono::steady_clock::now();
    std::uint64_t most = 0;
    ask_shards(request, deadline - begun,
               [&](std::uint64_t left) { most = std::max(most, left); });
    auto next = begun + every;
    if (most == 0 || next >= deadline)
      return;
    request.limit = std::max(request.limit, (most + rounds - 1) / rounds);
    std::this_thread::sleep_until(next);
  }
}

void instance::impl::close_sockets(const drain_options& how) {
  auto deadline = std::chrono::steady_clock::now() + how.timeout;
  for (auto& [name, supervisor] : supervisors)
    caf::anon_send(supervisor, actors::stop_dialing{});
  auto done = [] {
  };
  ask_shards(actors::close_listeners{}, cut_time, done);
  if (how.timeout.count() > 0) {
    close_in_batches(socket_type::inbound, how, deadline);
    close_in_batches(socket_type::outbound, how, deadline);
    // Handlers may still be at work for sockets that are gone.
    auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() > 0)
      ask_shards(actors::await_no_sockets{}, left, done);
  }
  ask_shards(actors::cut_everything{}, cut_time, done);
  // Behind the last closed event.
  caf::scoped_actor self{system};
  self->request(registry, cut_time, actors::end_taps{"the switchboard stops"})
      .receive([] {},
               [](const caf::error&) {
                 // Taps end with their targets as well.
               });
}

void instance::impl::end_actors() {
  std::vector<caf::strong_actor_ptr> last;
  {
    std::lock_guard guard{mutex};
    last.swap(pinned);
  }
  for (auto& who : last)
    send_exit_in_order(who);
  running->wait_for_none(end_time);
  caf::scoped_actor self{system};
  if (guard) {
    self->send_exit(guard, caf::exit_reason::user_shutdown);
    self->wait_for(guard);
  }
  for (auto& [name, supervisor] : supervisors) {
    self->send_exit(supervisor, caf::exit_reason::user_shutdown);
    self->wait_for(supervisor);
  }
  self->send_exit(registry, caf::exit_reason::user_shutdown);
  self->wait_for(registry);
  for (auto& who : shard_actors)
    send_exit_in_order(who);
  running_shards->wait_for_none(end_time);
}

// -- instance
// ----------------------------------------------------------------------

caf::expected<std::unique_ptr<instance>>
instance::prepare(caf::actor_system& system, switchboard_options options,
                  report_function on_report) {
  if (auto problem = actors::check_options(options))
    return problem;
  auto tls = actors::tls_contexts::make(options, on_report);
  if (!tls)
    return tls.error();
  auto credentials = actors::authentications::make(options);
  if (!credentials)
    return credentials.error();
  auto count = options.runtime.shards;
  if (count == 0)
    count = net::usable_cores();
  std::unique_ptr<instance> result{
      new instance{std::make_unique<impl>(system)}};
  try {
    result->impl_->start_shards(count, options.runtime.io, on_report);
  } catch (const std::system_error& failure) {
    return make_error(errc::connectivity,
                      std::string{"the event loops cannot start: "}
                          + failure.what());
  }
  result->impl_->tls = std::move(*tls);
  result->impl_->credentials =
      std::make_unique<actors::authentications>(on_report);
  result->impl_->credentials->take(std::move(*credentials));
  result->impl_->groups.index().set_limit(options.limits.groups);
  result->impl_->report = std::move(on_report);
  result->impl_->start_supervisors(options, result->impl_->report);
  result->impl_->guard = actors::spawn_limits_guard(
      system,
      {result->impl_->shards, result->impl_->shard_actors,
       [known = result->impl_.get()] {
         std::lock_guard guard{known->mutex};
         return known->configs;
       },
       result->impl_->entry},
      options.limits, result->impl_->report);
  result->impl_->tls->watch();
  result->impl_->credentials->watch();
  return result;
}

caf::expected<std::unique_ptr<instance>>
instance::start(caf::actor_system& system, switchboard_options options,
                report_function on_report) {
  auto result = prepare(system, std::move(options), std::move(on_report));
  if (result)
    if (auto failure = (*result)->open())
      return failure;
  return result;
}

caf::error instance::open() {
  if (auto failure = impl_->begin())
    return failure;
  std::vector<outbound_options> wanted;
  for (auto& what : impl_->outbound)
    wanted.push_back(what.request());
  if (!wanted.empty())
    impl_->system.spawn(actors::outbound_opener, impl_->public_registry,
                        std::move(wanted), impl_->report);
  return caf::none;
}

instance::instance(std::unique_ptr<impl> ptr) : impl_(std::move(ptr)) {}

instance::~instance() {
  stop({.timeout = std::chrono::nanoseconds{0}});
}

const registry_actor& instance::registry() const noexcept {
  return impl_->public_registry;
}

std::size_t instance::shards() const noexcept {
  return impl_->shards.size();
}

io_method instance::io() const noexcept {
  return impl_->io;
}

caf::group instance::group(const std::string& config,
                           const std::string& name) const {
  return *impl_->groups.get(actors::group_key(config, name));
}

std::string instance::address_of(const std::string& listener) const {
  return impl_->hub->address_of(listener);
}

switchboard_statistics instance::statistics() const {
  switchboard_statistics result;
  for (auto& shard : impl_->shards)
    shard->collect(result);
  std::lock_guard guard{impl_->mutex};
  actors::collect(impl_->shards, impl_->configs, *impl_->counters, result);
  return result;
}

bool instance::ready() const noexcept {
  return impl_->hub->all_bound() && !impl_->draining;
}

void instance::renew_tls() {
  impl_->tls->renew();
  impl_->credentials->renew_all();
}

std::map<std::string, std::chrono::seconds>
instance::certificate_expiry() const {
  return impl_->tls->expiry();
}

caf::expected<std::shared_ptr<const net::tls_source>>
instance::server_tls(const std::string& name) {
  return impl_->tls->take(net::role::server, name);
}

caf::expected<std::shared_ptr<const net::tls_source>>
instance::client_tls(const std::string& name) {
  return impl_->tls->take(net::role::client, name);
}

void instance::drain(const drain_options& how) {
  std::call_once(impl_->drained, [&] {
    impl_->draining = true;
    if (impl_->hub)
      impl_->hub->close();
    // What a reload is about to do is done first.
    std::lock_guard guard{impl_->reloading};
    impl_->close_sockets(how);
  });
}

void instance::stop(const drain_options& how) {
  if (impl_->stopped.exchange(true))
    return;
  drain(how);
  if (impl_->tls)
    impl_->tls->stop();
  if (impl_->credentials)
    impl_->credentials->stop();
  impl_->end_actors();
  impl_->groups.stop();
  for (auto& shard : impl_->shards)
    shard->join();
}

caf::actor_system& instance::system() const noexcept {
  return impl_->system;
}

caf::execution_unit* instance::pinning_unit(std::size_t shard) const noexcept {
  return impl_->shards[shard]->pinning_unit();
}

void instance::keep(caf::strong_actor_ptr pinned) {
  impl_->running->add(pinned, impl_->running);
  std::lock_guard guard{impl_->mutex};
  impl_->pinned.push_back(std::move(pinned));
}

} // namespace switchboard
