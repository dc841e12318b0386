#include "actors/outbound_keeper.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "actors/promises.hpp"
#include "actors/reconnect.hpp"
#include "actors/socket.hpp"

namespace switchboard::actors {

namespace {

caf::error stopping() {
  return make_error(errc::connectivity, "the switchboard is stopping");
}

} // namespace

void outbound_keeper::start(supervisor_actor::pointer self,
                            outbound_keeper_setup setup) {
  self_ = self;
  setup_ = std::move(setup);
}

// -- opening
// ----------------------------------------------------------------------

caf::result<std::string>
outbound_keeper::open(const outbound_options& request) {
  auto& id = request.socket_id;
  auto refuse = [&](caf::error why) -> caf::result<std::string> {
    setup_.sockets->release(id);
    return why;
  };
  if (!setup_.profile)
    return refuse(
        make_error(errc::invalid_argument, "configuration `" + request.config
                                               + "` has no client settings"));
  if (stopped_)
    return refuse(stopping());
  auto plan = make_outbound_plan(setup_.profile, request, setup_.reconnection,
                                 caf::actor_cast<caf::strong_actor_ptr>(self_),
                                 setup_.send_queue);
  if (!plan)
    return refuse(std::move(plan.error()));
  auto serial = ++last_serial_;
  auto& what = records_[serial];
  what.plan = std::move(*plan);
  what.wanted = request;
  what.shard = next_shard_++ % setup_.shards.size();
  what.asked_at = now();
  what.answer = self_->make_response_promise<std::string>();
  auto promise = what.answer;
  auto& options = setup_.profile->options;
  if (placed_ < options.max_connections) {
    ++placed_;
    dial(serial);
  } else {
    what.queued = true;
    setup_.counters->keeper.waits_for_place.add();
    places_.push_back(serial);
    self_->delayed_send(self_, options.connection_timeout,
                        actors::place_expired{serial});
  }
  return promise;
}

void outbound_keeper::place_expired(std::uint64_t serial) {
  auto i = records_.find(serial);
  if (i == records_.end() || !i->second.queued)
    return;
  auto limit = max_connections();
  give_up(serial, make_error(errc::connectivity,
                             "socket " + i->second.plan->socket_id + " to "
                                 + i->second.plan->address()
                                 + ": connection limit exceeded ("
                                 + std::to_string(limit) + ")"));
}

void outbound_keeper::fill_places() {
  while (!places_.empty() && placed_ < max_connections()) {
    auto serial = places_.front();
    places_.pop_front();
    auto i = records_.find(serial);
    if (i == records_.end())
      continue;
    i->second.queued = false;
    ++placed_;
    dial(serial);
  }
}

std::chrono::nanoseconds outbound_keeper::patience(const record& what) const {
  auto all = what.plan->profile->options.connection_timeout;
  // The wait for a place counts for the first attempt only.
  if (what.socket || what.attempts > 0)
    return all;
  return std::max<std::chrono::nanoseconds>(all - (now() - what.asked_at),
                                            std::chrono::milliseconds{1});
}

void outbound_keeper::dial(std::uint64_t serial) {
  auto& what = records_.at(serial);
  what.dialing = true;
  what.lost_early = false;
  renew_plan(what);
  auto shard = caf::actor_cast<caf::actor>(setup_.shards[what.shard]);
  self_
      ->request(shard, caf::infinite,
                open_outbound{what.plan, what.socket, what.generation,
                              patience(what)})
      .then(
          [this, serial](caf::strong_actor_ptr& socket) {
            opened(serial, std::move(socket));
          },
          [this, serial](const caf::error& why) { failed(serial, why); });
}

void outbound_keeper::opened(std::uint64_t serial,
                             caf::strong_actor_ptr socket) {
  auto i = records_.find(serial);
  if (i == records_.end())
    return;
  auto& what = i->second;
  what.dialing = false;
  what.up_since = now();
  auto& counters = setup_.counters->keeper;
  if (what.socket) {
    counters.succeeded.add();
  } else {
    counters.openings.add(now() - what.asked_at);
    what.socket = std::move(socket);
    self_->monitor(caf::actor_cast<caf::actor>(what.socket));
  }
  if (!std::exchange(what.answered, true))
    what.answer.deliver(what.plan->socket_id);
  if (what.withdrawn)
    caf::anon_send(caf::actor_cast<caf::actor>(what.socket), socket_close{});
  else if (what.lost_early)
    lose(serial, what);
}

// -- attempts
// ---------------------------------------------------------------------

void outbound_keeper::failed(std::uint64_t serial, const caf::error& why) {
  auto i = records_.find(serial);
  if (i == records_.end())
    return;
  auto& what = i->second;
  what.dialing = false;
  if (what.socket)
    setup_.counters->keeper.failed.add();
  auto& strategy = what.plan->reconnection;
  auto code = switchboard::code_of(why).value_or(errc::connectivity);
  if (stopped_ || what.withdrawn || !is_retried(code)) {
    give_up(serial, why);
    return;
  }
  auto delay = reconnect_delay(strategy, what.attempts, roll());
  if (!delay) {
    give_up(serial, strategy.strategy == reconnection_strategy::none
                        ? why
                        : exhausted(what, why));
    return;
  }
  tell(report::severity::warning, "an outbound socket cannot be opened", what,
       {{"attempt", std::to_string(what.attempts + 1)},
        {"error", describe(why).message}});
  if (!strategy.blocking && !std::exchange(what.answered, true))
    what.answer.deliver(
        make_error(errc::connectivity,
                   describe(why).message + "; further attempts follow"));
  ++what.attempts;
  wait(serial, what, *delay);
}

void outbound_keeper::lost(const outbound_lost& event) {
  for (auto& [serial, what] : records_) {
    if (what.socket == event.socket) {
      if (!what.dialing)
        lose(serial, what);
      else
        what.lost_early = true;
      return;
    }
    if (!what.socket && what.dialing
        && what.plan->socket_id == event.socket_id) {
      what.lost_early = true;
      return;
    }
  }
}

void outbound_keeper::lose(std::uint64_t serial, record& what) {
  auto& strategy = what.plan->reconnection;
  ++what.generation;
  // A connection counts once it has outlived the wait for it; one that does
  // not goes on where the attempts were, so that a peer which hangs up at
  // once is not called without a pause.
  if (now() - what.up_since >= std::max(what.waited, strategy.frequency)) {
    what.attempts = 0;
    wait(serial, what, first_wait(strategy, roll()));
    return;
  }
  auto delay = reconnect_delay(strategy, what.attempts, roll());
  if (!delay) {
    give_up(serial, exhausted(what, make_error(errc::connectivity,
                                               "its connections do not last")));
    return;
  }
  ++what.attempts;
  wait(serial, what, *delay);
}

void outbound_keeper::wait(std::uint64_t serial, record& what,
                           std::chrono::nanoseconds delay) {
  if (stopped_) {
    give_up(serial, stopping());
    return;
  }
  what.waited = delay;
  if (delay.count() == 0)
    dial(serial);
  else
    self_->delayed_send(self_, delay, actors::dial_again{serial});
}

void outbound_keeper::dial_again(std::uint64_t serial) {
  if (auto i = records_.find(serial);
      i != records_.end() && !i->second.dialing && !stopped_)
    dial(serial);
}

// -- the end
// ----------------------------------------------------------------------

void outbound_keeper::give_up(std::uint64_t serial, const caf::error& why) {
  auto i = records_.find(serial);
  auto& what = i->second;
  if ((what.answered || what.socket) && !what.withdrawn)
    tell(report::severity::error, "giving up on an outbound socket", what,
         {{"attempts", std::to_string(what.attempts + 1)},
          {"error", describe(why).message}});
  if (!std::exchange(what.answered, true))
    what.answer.deliver(why);
  if (what.socket) {
    setup_.counters->keeper.given_up.add();
    // Its end takes the record with it.
    caf::anon_send(caf::actor_cast<caf::actor>(what.socket),
                   outbound_given_up{why});
    return;
  }
  setup_.sockets->release(what.plan->socket_id);
  erase(i);
}

void outbound_keeper::erase(records::iterator which) {
  if (which->second.queued)
    std::erase(places_, which->first);
  else
    --placed_;
  for (auto& promise : which->second.withdrawals)
    fulfill(promise);
  records_.erase(which);
  fill_places();
}

bool outbound_keeper::forget(const caf::actor_addr& who) {
  auto i = std::find_if(records_.begin(), records_.end(), [&](auto& entry) {
    return entry.second.socket
           && caf::actor_cast<caf::actor_addr>(entry.second.socket) == who;
  });
  if (i == records_.end())
    return false;
  erase(i);
  return true;
}

void outbound_keeper::use(client_profile_ptr profile) {
  setup_.profile = std::move(profile);
  fill_places();
}

caf::result<void> outbound_keeper::withdraw(const std::string& socket_id) {
  auto promise = self_->make_response_promise<void>();
  auto i = std::find_if(records_.begin(), records_.end(), [&](auto& entry) {
    return entry.second.plan->socket_id == socket_id;
  });
  if (i == records_.end()) {
    fulfill(promise);
    return promise;
  }
  auto& [serial, what] = *i;
  what.withdrawn = true;
  what.withdrawals.push_back(promise);
  if (what.socket)
    caf::anon_send(caf::actor_cast<caf::actor>(what.socket), socket_close{});
  else if (!what.dialing)
    give_up(serial, make_error(errc::connectivity,
                               "socket " + socket_id + " was withdrawn"));
  return promise;
}

void outbound_keeper::renew_plan(record& what) const {
  if (!setup_.profile || what.plan->profile == setup_.profile)
    return;
  // What the new settings cannot make a plan of goes on by the old.
  if (auto plan =
          make_outbound_plan(setup_.profile, what.wanted, setup_.reconnection,
                             what.plan->keeper, setup_.send_queue))
    what.plan = std::move(*plan);
}

std::size_t outbound_keeper::max_connections() const noexcept {
  return setup_.profile ? setup_.profile->options.max_connections
                        : std::numeric_limits<std::size_t>::max();
}

void outbound_keeper::stop() {
  stopped_ = true;
  std::vector<std::uint64_t> waiting;
  for (auto& [serial, what] : records_)
    if (!what.socket && !what.dialing)
      waiting.push_back(serial);
  for (auto serial : waiting)
    give_up(serial, stopping());
}

// -- small things
// -----------------------------------------------------------------

caf::error outbound_keeper::exhausted(const record& what,
                                      const caf::error& why) const {
  auto cause = describe(why);
  return make_error(
      errc::retry_exhausted,
      "socket " + what.plan->socket_id + " to " + what.plan->address()
          + ": gave up after " + std::to_string(what.attempts + 1)
          + " attempts; last cause " + cause.type + ": " + cause.message);
}

double outbound_keeper::roll() {
  return std::uniform_real_distribution<double>{0.0, 1.0}(dice_);
}

outbound_keeper::time_point outbound_keeper::now() const {
  return self_->home_system().clock().now();
}

void outbound_keeper::tell(report::severity level, std::string text,
                           const record& what, string_pairs fields) const {
  if (!setup_.on_report.wants(report_part::outbound, level))
    return;
  fields.insert(fields.begin(), {{"socket", what.plan->socket_id},
                                 {"config", what.plan->profile->config},
                                 {"remote", what.plan->address()}});
  setup_.on_report(
      {level, std::move(text), std::move(fields), report_part::outbound});
}

} // namespace switchboard::actors
