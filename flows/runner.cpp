#include "flows/runner.hpp"

#include <type_traits>
#include <new>
#include <utility>

#include "net/pool_allocator.hpp"
#include "net/shared_bytes.hpp"

namespace switchboard::flows {

namespace {

/// Jobs kept for the next events.
constexpr std::size_t max_idle = 512;

/// Broadcasts of one socket that may be under way while its next messages
/// are worked on; beyond, the socket waits.
constexpr std::size_t max_trailing = 32;

value make_payload(const flow& of, const socket_attributes& attributes,
                   payload content) {
  return std::allocate_shared<const document>(
      net::pool_allocator<document>{}, std::move(content), of.output_mime_type,
      attributes.handshake, of.output_encoding,
      of.streaming
          && of.streaming->type == streaming_options::kind::non_repeatable);
}

std::string_view problem_of(send_outcome what) {
  switch (what) {
    case send_outcome::queue_full:
      return "the send queue is full";
    case send_outcome::not_text:
      return "text content is not UTF-8";
    default:
      return "the socket is closing";
  }
}

} // namespace

runner::runner(caf::actor_config& config, runner_settings settings)
    : pinned_handler(config), settings_(std::move(settings)) {
  log_ = {[this](const flow_run& run, std::string text) {
            tell(report::severity::info, std::move(text), run);
          },
          [this] {
            return settings_.report.wants(report_part::flow,
                                          report::severity::info);
          }};
}

const char* runner::name() const {
  return "switchboard.flow";
}

void runner::on_exit() {
  ticking_ = false;
  auto stopped = [this](job& what) {
    if (what.promise.pending())
      what.promise.deliver(make_error(errc::connectivity,
                                      "flow " + code().name + " was stopped"));
  };
  auto self = caf::actor_cast<caf::actor>(this);
  if (settings_.gate)
    settings_.gate->forget(self);
  if (settings_.guard)
    settings_.guard->locks.forget(self);
  for (auto& what : parked_) {
    if (!what)
      continue;
    --settings_.counters->in_work;
    if (what->gate)
      what->gate->leave(caf::actor_cast<caf::actor>(this));
    stopped(*what);
  }
  for (auto& what : waiting_) {
    --settings_.counters->waiting;
    stopped(*what);
  }
  for (auto& promise : finishing_)
    promise.deliver(caf::unit);
  deadlines_.clear();
  parked_.clear();
  waiting_.clear();
  idle_.clear();
  trailing_.clear();
  incoming_.clear();
  finishing_.clear();
}

caf::behavior runner::make_behavior() {
  monitor(settings_.registry);
  set_down_handler([this](const caf::down_msg&) { quit(); });
  set_exit_handler([this](const caf::exit_msg& what) {
    leaving_ = true;
    ticking_ = false;
    give_up_sleepers();
    if (!is_busy() || what.reason == caf::exit_reason::kill)
      quit(what.reason);
  });
  return {
      [this](const message_event& event) -> caf::result<void> {
        if (drops())
          return caf::unit;
        auto promise = make_response_promise();
        start({make_payload(code(), event.attributes, event.content),
               event.attributes,
               {},
               {}},
              event.socket, promise, false);
        return promise;
      },
      [this](const connection_event& event) -> caf::result<void> {
        if (drops())
          return caf::unit;
        auto promise = make_response_promise();
        start({std::string{}, event.attributes, {}, {}}, event.socket, promise,
              true);
        return promise;
      },
      [this](const closed_event& event) {
        if (drops())
          return;
        start({to_value(event.outcome), event.attributes, {}, {}}, nullptr, {},
              false);
      },
      [this](run_atom) {
        if (drops())
          return;
        start({std::string{}, {}, {}, {}}, nullptr, {}, false);
      },
      [this](begin_atom) {
        ticking_ = true;
        next_tick_ = system().clock().now();
        schedule_next();
      },
      [this](tick_atom, std::uint64_t schedule) { tick(schedule); },
      [this](const use_code& what) { use(what); },
      [this](retire_atom) { retire(); },
      [this](refused_atom, std::uint64_t id, const caf::error& why) {
        refused(id, why);
      },
      [this](resume_atom, std::uint64_t id) {
        if (auto what = take(id))
          drive(std::move(what));
      },
      [this](granted_atom) { granted(); },
      [this](late_atom) { expire(); },
      [this](const stream_written& what) { take(what); },
      [this](const content_loaded& what) { take(what); },
      [this](again_atom, std::uint64_t id) {
        if (auto what = take(id))
          attempt(std::move(what));
      },
      [this](unlocked_atom, std::uint64_t id) { look_up_failures(id); },
      [this](const digest_outcome& what) { take(what); },
      [this](const store_outcome& outcome) { take(outcome.job, outcome); },
      [this](finish_atom) -> caf::result<void> {
        auto promise = make_response_promise();
        ticking_ = false;
        give_up_sleepers();
        if (!is_busy())
          promise.deliver(caf::unit);
        else
          finishing_.push_back(promise);
        return promise;
      },
  };
}

bool runner::on_message(local_socket& from, message_view content) {
  if (!streams(content)) {
    payload copy;
    try {
      copy = payload{net::share_bytes(content.bytes), content.binary};
    } catch (const std::bad_alloc&) {
      auto why = no_memory();
      return begin_message(from, payload{std::string{}, content.binary}, &why);
    }
    return begin_message(from, std::move(copy), nullptr);
  }
  auto parts = on_parts(from, content.binary);
  parts->add(content.bytes);
  return parts->finish();
}

bool runner::begin_message(local_socket& from, payload content,
                           const error_text* problem) {
  if (drops())
    return true;
  auto what = new_job();
  what->owing = &from;
  what->local = &from;
  what->handle = from.handle();
  auto attributes = from.attributes();
  auto input = make_payload(code(), attributes, std::move(content));
  what->run.begin(code(), std::move(input), std::move(attributes),
                  what->handle);
  if (problem != nullptr)
    what->run.fail(*problem);
  in_call_ = what.get();
  admit(std::move(what));
  return std::exchange(in_call_, nullptr) == nullptr;
}

void runner::on_sent(std::uint64_t id, const caf::error& problem) {
  if (problem)
    refused(id, problem);
  else
    answered(id, {});
}

runner::job_ptr runner::new_job() {
  job_ptr what;
  if (idle_.empty()) {
    what = std::make_unique<job>(
        runner_code{settings_.code, settings_.lua, settings_.routes},
        settings_.flow, log_);
  } else {
    what = std::move(idle_.back());
    idle_.pop_back();
  }
  return what;
}

void runner::start(scope in, caf::strong_actor_ptr socket,
                   caf::response_promise promise, bool tells_failure) {
  auto what = new_job();
  what->promise = std::move(promise);
  what->tells_failure = tells_failure;
  what->handle = socket;
  what->run.begin(code(), std::move(in), std::move(socket));
  admit(std::move(what));
}

void runner::drive(job_ptr what) {
  auto state = what->run.resume();
  if (state == flow_run::progress::done)
    return what->of->has_policy() ? advance(std::move(what))
                                  : finish(std::move(what));
  auto& waiting = *what;
  park(std::move(what));
  if (state == flow_run::progress::waiting)
    ask(waiting);
  else
    send(this, resume_atom::value, waiting.id);
}

void runner::ask(job& what) {
  auto id = what.id;
  std::visit(
      [&](auto& x) {
        using form = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<form, direct_send>)
          ask_socket(what, x);
        else if constexpr (std::is_same_v<form, broadcast_request>)
          ask_broadcast(what, std::move(x));
        else if constexpr (std::is_same_v<form, bulk_close_request>)
          ask<bulk_close_result>(id, settings_.registry, std::move(x));
        else if constexpr (std::is_same_v<form, open_outbound_socket_request>)
          ask<std::string>(id, settings_.registry, std::move(x));
        else if constexpr (std::is_same_v<form, backend_call>)
          ask_backend(what, std::move(x));
        else if constexpr (std::is_same_v<form, load_request>)
          ask_content(what, *x.of);
        else if constexpr (!std::is_same_v<form, value>)
          ask<void>(id, settings_.registry, std::move(x));
      },
      what.run.pending());
}

template <class Output, class Handle, class Request>
void runner::ask(std::uint64_t id, const Handle& whom, Request what) {
  auto pending = request(whom, caf::infinite, std::move(what));
  auto on_error = [this, id](const caf::error& why) {
    refused(id, why);
  };
  if constexpr (std::is_void_v<Output>)
    pending.then([this, id] { answered(id, {}); }, on_error);
  else
    pending.then([this, id](const Output& x) { answered(id, to_value(x)); },
                 on_error);
}

void runner::answered(std::uint64_t id, value output) {
  if (auto what = take(id)) {
    what->run.answer(std::move(output));
    drive(std::move(what));
  }
}

void runner::refused(std::uint64_t id, const caf::error& why) {
  if (auto what = take(id)) {
    what->run.fail(describe(why));
    drive(std::move(what));
  }
}

void runner::ask_broadcast(job& what, broadcast_request request) {
  // Nothing is left that could come too late for the next message.
  if (what.owing != nullptr && what.run.ends_with_pending()) {
    auto& count = trailing_[what.owing];
    if (count < max_trailing) {
      ++count;
      what.trailing = true;
      release(what);
    }
  }
  ask<broadcast_result>(what.id, settings_.registry, std::move(request));
}

void runner::ask_socket(job& what, const direct_send& request) {
  auto id = what.id;
  if (!trailing_.empty() && trailing_.contains(what.local))
    return ask<void>(id, settings_.registry,
                     send_request{{}, what.run.socket_id(), request.content});
  if (what.local == nullptr)
    return ask<void>(id, caf::actor_cast<socket_actor>(request.socket),
                     socket_send{request.content});
  auto result = what.local->send(request.content, *this, id);
  if (result != send_outcome::queued) {
    // Later: it could be the thousandth in a row.
    auto why =
        make_error(result == send_outcome::not_text ? errc::invalid_argument
                                                    : errc::connectivity,
                   "socket " + what.run.socket_id() + ": "
                       + std::string{problem_of(result)});
    send(this, refused_atom::value, id, std::move(why));
  } else if (what.run.ends_with_pending()) {
    // Nothing is left that could come too late for the next message.
    release(what);
  }
}

void runner::release(job& what) {
  auto owing = std::exchange(what.owing, nullptr);
  if (&what == in_call_)
    in_call_ = nullptr;
  else if (owing != nullptr)
    owing->done();
}

std::uint64_t runner::park(job_ptr what) {
  std::uint32_t place = 0;
  if (free_places_.empty()) {
    place = static_cast<std::uint32_t>(parked_.size());
    parked_.emplace_back();
  } else {
    place = free_places_.back();
    free_places_.pop_back();
  }
  auto id = std::uint64_t{++last_serial_} << 32 | place;
  what->id = id;
  parked_[place] = std::move(what);
  ++in_work_;
  return id;
}

runner::job_ptr runner::take(std::uint64_t id) {
  auto place = static_cast<std::uint32_t>(id);
  if (place >= parked_.size() || !parked_[place] || parked_[place]->id != id)
    return nullptr;
  free_places_.push_back(place);
  --in_work_;
  return std::move(parked_[place]);
}

void runner::finish(job_ptr what) {
  auto& counters = *settings_.counters;
  --counters.in_work;
  counters.time += static_cast<std::uint64_t>(
      std::chrono::nanoseconds{std::chrono::steady_clock::now() - what->begun}
          .count());
  settle_deadline(*what);
  if (auto& error = what->run.error()) {
    ++counters.failures;
    if (settings_.report.wants(report_part::flow, report::severity::warning))
      tell(report::severity::warning,
           "flow " + code().name + " failed: " + error->type + ": "
               + error->message,
           what->run);
    if (what->closing)
      close_socket(*what);
    if (what->tells_failure && what->promise.pending())
      std::exchange(what->promise, {}).deliver(refusal_of(*what));
  } else {
    ++counters.succeeded;
    if (what->closing)
      close_socket(*what);
  }
  if (what->promise.pending())
    std::exchange(what->promise, {}).deliver(caf::unit);
  release(*what);
  if (std::exchange(what->trailing, false))
    if (auto i = trailing_.find(what->local); --i->second == 0)
      trailing_.erase(i);
  what->local = nullptr;
  what->handle = nullptr;
  what->tells_failure = false;
  what->closing.reset();
  what->refusal.reset();
  if (what->policy)
    *what->policy = {};
  if (auto gate = std::exchange(what->gate, nullptr))
    gate->leave(caf::actor_cast<caf::actor>(this));
  // One of an older program is of no more use.
  if (idle_.size() < max_idle && what->code.code == settings_.code) {
    what->run.forget();
    idle_.push_back(std::move(what));
  }
  if (is_busy())
    return;
  for (auto& waiting : std::exchange(finishing_, {}))
    waiting.deliver(caf::unit);
  // By message: this may be a call from the socket.
  if (leaving_)
    caf::anon_send_exit(this, caf::exit_reason::user_shutdown);
}

void runner::tell(report::severity level, std::string text,
                  const flow_run& about) {
  if (!settings_.report.wants(report_part::flow, level))
    return;
  report line{
      level, std::move(text), {{"flow", code().name}}, report_part::flow};
  if (auto id = about.socket_id(); !id.empty())
    line.fields.emplace_back("socket", std::move(id));
  settings_.report(line);
}

} // namespace switchboard::flows
