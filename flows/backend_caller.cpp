#include "flows/backend_caller.hpp"

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include <switchboard/error.hpp>

#include "actors/reconnect.hpp"
#include "flows/stream_writer.hpp"
#include "net/header_values.hpp"
#include "net/http_signature.hpp"
#include "net/upgrade_request.hpp"

namespace switchboard::flows {

namespace {

constexpr const char* going_down = "the switchboard is being shut down";

/// Calls at a time, those that wait for their next attempt counted: sockets
/// come and go while a backend is away, and what they have asked stays.
constexpr std::size_t most_calls = 65'536;

/// What a backend says when it, or who stands in front of it, is away.
bool is_passing(unsigned status) noexcept {
  return status == 502 || status == 503 || status == 504;
}

} // namespace

backend_caller::backend_caller(caf::actor_config& config,
                               std::unique_ptr<net::http_client> client)
    : caf::event_based_actor(config), client_(std::move(client)) {
  // nop
}

const char* backend_caller::name() const {
  return "switchboard.backends";
}

void backend_caller::on_exit() {
  // Its callbacks hold this actor.
  client_.reset();
  for (auto& [id, what] : jobs_)
    what.promise.deliver(make_error(errc::connectivity, going_down));
  jobs_.clear();
}

caf::behavior backend_caller::make_behavior() {
  return {
      [this](backend_call& call) -> caf::result<backend_answer> {
        if (jobs_.size() >= most_calls)
          return make_error(errc::connectivity,
                            std::to_string(most_calls)
                                + " requests to backends wait already");
        auto promise = make_response_promise();
        auto id = ++last_id_;
        jobs_.emplace(id, job{std::move(call), promise});
        begin(id);
        return caf::delegated<backend_answer>{};
      },
      [this](attempt_atom, std::uint64_t id) { begin(id); },
      [this](const attempt_outcome& outcome) { take(outcome); },
      [this](const permit_outcome& outcome) { take(outcome); },
      [this](const attempt_signature& signature) { take(signature); },
      [this](permit_late_atom, std::uint64_t id) { give_up_waiting(id); },
      [this](hurry_atom, caf::timespan limit) { hurry(limit); },
  };
}

void backend_caller::begin(std::uint64_t id) {
  auto found = jobs_.find(id);
  if (found == jobs_.end())
    return;
  auto& what = found->second;
  what.sleeping = false;
  if (patience(what.call) <= std::chrono::nanoseconds::zero())
    return fail(
        id, make_error(errc::timeout, net::authority_of(what.call.target, true)
                                          + " was not reached in time"));
  if (what.call.settings->webhook_origin.empty())
    return attempt(id, what);
  // Each waits as long as it has time itself, whoever asks.
  auto left = patience(what.call);
  what.late = net::clock::now() + left;
  seek_permit(id, what);
  if (auto still = jobs_.find(id);
      still != jobs_.end() && still->second.waiting)
    delayed_send(this, std::chrono::ceil<std::chrono::milliseconds>(left),
                 permit_late_atom::value, id);
}

void backend_caller::seek_permit(std::uint64_t id, job& what) {
  auto& origin = what.call.settings->webhook_origin;
  auto target = webhook_permits::key_of(what.call.target, origin);
  switch (permits_.look(target, id, net::clock::now())) {
    case webhook_permits::verdict::granted:
      return attempt(id, what);
    case webhook_permits::verdict::denied:
      return refuse(id, net::authority_of(what.call.target, true));
    case webhook_permits::verdict::ask:
      what.waiting = true;
      return ask_for_permit(what);
    case webhook_permits::verdict::wait:
      what.waiting = true;
      break;
  }
}

void backend_caller::give_up_waiting(std::uint64_t id) {
  auto found = jobs_.find(id);
  if (found == jobs_.end() || !found->second.waiting
      || found->second.late > net::clock::now())
    return;
  fail(id, make_error(errc::timeout,
                      net::authority_of(found->second.call.target, true)
                          + " did not say in time whether it wants events"));
}

std::chrono::nanoseconds
backend_caller::patience(const backend_call& call) const {
  auto result = call.settings->timeout;
  if (call.until)
    result = std::min<std::chrono::nanoseconds>(
        result, *call.until - net::clock::now());
  return result;
}

net::http_call backend_caller::make_call(const job& what) const {
  auto& call = what.call;
  net::http_call result;
  result.route = call.route;
  result.target = call.target;
  result.method = call.method;
  result.headers = call.headers;
  result.body = call.body;
  result.large_body = call.large_body;
  result.idempotent = call.idempotent;
  result.timeout = patience(call);
  result.max_response_size = call.settings->max_response_size;
  if (!call.settings->secret.empty() && !call.large_body)
    // Of each attempt its own, so that none is too old when it comes.
    result.headers.emplace_back(
        "switchboard-signature",
        net::sign(call.settings->secret, std::time(nullptr), call.event_id,
                  call.body ? std::string_view{*call.body}
                            : std::string_view{}));
  return result;
}

void backend_caller::attempt(std::uint64_t id, const job& what) {
  auto& call = what.call;
  if (!call.large_body || call.settings->secret.empty())
    return send_attempt(id, make_call(what));
  net::sign(
      call.settings->secret, std::time(nullptr), call.event_id, call.large_body,
      [self = caf::actor_cast<caf::actor>(this), id](std::string&& signature) {
        caf::anon_send(self, attempt_signature{id, std::move(signature)});
      });
}

void backend_caller::take(const attempt_signature& signature) {
  auto found = jobs_.find(signature.id);
  if (found == jobs_.end())
    return;
  if (signature.text.empty())
    return fail(signature.id,
                make_custom_error(std::string{not_stored},
                                  "the body of a request cannot be read"));
  auto call = make_call(found->second);
  call.headers.emplace_back("switchboard-signature", signature.text);
  send_attempt(signature.id, std::move(call));
}

void backend_caller::send_attempt(std::uint64_t id, net::http_call call) {
  client_->ask(std::move(call), [self = caf::actor_cast<caf::actor>(this),
                                 id](net::http_outcome&& outcome) {
    caf::anon_send(
        self, attempt_outcome{
                  id, std::make_shared<net::http_outcome>(std::move(outcome))});
  });
}

void backend_caller::ask_for_permit(const job& what) {
  auto call = make_call(what);
  auto& origin = what.call.settings->webhook_origin;
  // Others may have more time than the one that asks.
  call.timeout = what.call.settings->timeout;
  call.method = "OPTIONS";
  call.body = nullptr;
  call.large_body = nullptr;
  call.idempotent = true;
  // Who we are and what lets us in; nothing of the event.
  std::erase_if(call.headers, [](auto& pair) {
    return !net::equal_ignoring_case(pair.first, "Authorization");
  });
  call.headers.emplace_back("webhook-request-origin", origin);
  client_->ask(std::move(call),
               [self = caf::actor_cast<caf::actor>(this), origin,
                target = webhook_permits::key_of(what.call.target, origin),
                address = net::authority_of(what.call.target, true)](
                   net::http_outcome&& outcome) {
                 caf::anon_send(
                     self, permit_outcome{target, origin, address,
                                          std::make_shared<net::http_outcome>(
                                              std::move(outcome))});
               });
}

void backend_caller::take(const permit_outcome& outcome) {
  auto failure = std::get_if<net::http_failure>(outcome.what.get());
  std::optional<bool> granted;
  if (failure == nullptr) {
    auto& answer = std::get<net::http_response>(*outcome.what);
    // One that is away has not said no.
    if (!is_passing(answer.status))
      granted = webhook_permits::grants(answer, outcome.origin);
  }
  auto was_late =
      failure != nullptr && failure->what == net::http_failure::kind::timed_out;
  auto now = net::clock::now();
  for (auto id : permits_.settle(outcome.target, granted, now)) {
    auto found = jobs_.find(id);
    if (found == jobs_.end())
      continue;
    found->second.waiting = false;
    // The time that was over is that of who has asked.
    if (was_late && !hurrying_ && found->second.late > now)
      seek_permit(id, found->second);
    else if (patience(found->second.call) <= std::chrono::nanoseconds::zero())
      fail(id, make_error(errc::timeout,
                          outcome.address + " was not reached in time"));
    else if (granted && *granted)
      attempt(id, found->second);
    else if (granted)
      refuse(id, outcome.address);
    else
      take(id, failure != nullptr
                   ? *failure
                   : net::http_failure{net::http_failure::kind::unreachable,
                                       outcome.address
                                           + " could not be asked whether it "
                                             "wants events"});
  }
}

void backend_caller::refuse(std::uint64_t id, const std::string& address) {
  fail(id, make_custom_error(
               "HTTP:NOT_ALLOWED",
               address
                   + " does not want events: its answer to OPTIONS has no "
                     "WebHook-Allowed-Origin for us"));
}

void backend_caller::take(const attempt_outcome& outcome) {
  auto found = jobs_.find(outcome.id);
  if (found == jobs_.end())
    return;
  if (auto failure = std::get_if<net::http_failure>(outcome.what.get()))
    return take(outcome.id, std::move(*failure));
  auto& call = found->second.call;
  auto& answer = std::get<net::http_response>(*outcome.what);
  if (is_passing(answer.status) && call.idempotent && repeat(outcome.id))
    return;
  auto promise = std::move(found->second.promise);
  backend_answer result{net::authority_of(call.target, true),
                        std::move(answer)};
  jobs_.erase(found);
  promise.deliver(std::move(result));
}

void backend_caller::take(std::uint64_t id, net::http_failure why) {
  using kind = net::http_failure::kind;
  auto& what = jobs_.at(id);
  if (why.what == kind::timed_out)
    return fail(id, make_error(errc::timeout, std::move(why.text)));
  // What was sent may have been done.
  auto may_repeat = why.what == kind::unreachable
                    || (why.what == kind::lost && what.call.idempotent);
  if (may_repeat && repeat(id))
    return;
  if (why.what == kind::lost && !what.call.idempotent)
    why.text += "; not asked again, since it may have done it";
  auto retries = what.retries;
  fail(id, retries > 0
               ? make_error(errc::retry_exhausted,
                            why.text + " (after " + std::to_string(retries + 1)
                                + " attempts)")
               : make_error(errc::connectivity, std::move(why.text)));
}

bool backend_caller::repeat(std::uint64_t id) {
  auto& what = jobs_.at(id);
  auto& strategy = what.call.settings->reconnection;
  if (hurrying_ || !strategy || !strategy->blocking)
    return false;
  std::uniform_real_distribution<double> uniform{0.0, 1.0};
  auto delay = actors::reconnect_delay(*strategy, what.retries, uniform(dice_));
  if (!delay)
    return false;
  ++what.retries;
  what.sleeping = true;
  if (what.call.counters)
    ++what.call.counters->retries;
  delayed_send(this, std::chrono::ceil<std::chrono::milliseconds>(*delay),
               attempt_atom::value, id);
  return true;
}

void backend_caller::hurry(std::chrono::nanoseconds limit) {
  hurrying_ = true;
  client_->end_within(limit);
  std::vector<std::uint64_t> asleep;
  for (auto& [id, what] : jobs_)
    if (what.sleeping)
      asleep.push_back(id);
  for (auto id : asleep)
    fail(id, make_error(errc::connectivity, going_down));
}

void backend_caller::fail(std::uint64_t id, caf::error why) {
  auto found = jobs_.find(id);
  auto promise = std::move(found->second.promise);
  jobs_.erase(found);
  promise.deliver(std::move(why));
}

} // namespace switchboard::flows
