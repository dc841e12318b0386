#include <utility>

#include "flows/runner.hpp"

// Apart from runner.cpp: what a backend's answers do.

namespace switchboard::flows {

namespace {

caf::error to_error(const error_text& what) {
  for (auto code = static_cast<std::uint8_t>(errc::connectivity);
       code < static_cast<std::uint8_t>(errc::custom); ++code)
    if (name_of(static_cast<errc>(code)) == what.type)
      return make_error(static_cast<errc>(code), what.message);
  return make_custom_error(what.type, what.message);
}

/// What a peer is told of a backend that cannot be asked: nothing of where it
/// is.
constexpr std::string_view away = "the service is not available";

} // namespace

runner::job* runner::find(std::uint64_t id) noexcept {
  auto place = static_cast<std::uint32_t>(id);
  if (place >= parked_.size() || !parked_[place] || parked_[place]->id != id)
    return nullptr;
  return parked_[place].get();
}

void runner::ask_backend(job& what, backend_call call) {
  auto id = what.id;
  call.counters = settings_.counters;
  call.route = what.code.routes->find(*call.settings);
  call.until = what.until;
  request(settings_.backends, caf::infinite, std::move(call))
      .then([this, id](const backend_answer& answer) { take(id, answer); },
            [this, id](const caf::error& why) {
              if (auto waiting = find(id)) {
                waiting->refusal = describe(why);
                waiting->refusal_reason = away;
              }
              refused(id, why);
            });
}

void runner::take(std::uint64_t id, const backend_answer& answer) {
  auto what = find(id);
  if (what == nullptr)
    return;
  std::string problem;
  auto orders = read_orders(answer, problem);
  if (!orders)
    return refused(id, make_error(errc::invalid_argument, std::move(problem)));
  // A socket that is gone, or that is none, takes no orders.
  if (!what->handle)
    return conclude(id, answer);
  if (orders->close)
    what->closing = std::move(orders->close);
  obey(id, answer, std::move(*orders));
}

void runner::obey(std::uint64_t id, const backend_answer& answer,
                  socket_orders orders) {
  auto what = find(id);
  if (what == nullptr)
    return;
  auto failed = [this, id, answer](const caf::error& why) {
    // It has gone while the backend thought about it.
    if (code_of(why) == errc::no_such_socket)
      conclude(id, answer);
    else
      refused(id, why);
  };
  auto socket = what->run.socket_id();
  if (auto groups = std::exchange(orders.subscribe, {}); !groups.empty()) {
    request(settings_.registry, caf::infinite,
            subscribe_groups_request{{}, std::move(socket), std::move(groups)})
        .then([this, id, answer, orders] { obey(id, answer, orders); }, failed);
  } else if (groups = std::exchange(orders.unsubscribe, {}); !groups.empty()) {
    request(
        settings_.registry, caf::infinite,
        unsubscribe_groups_request{{}, std::move(socket), std::move(groups)})
        .then([this, id, answer] { conclude(id, answer); }, failed);
  } else {
    conclude(id, answer);
  }
}

void runner::conclude(std::uint64_t id, const backend_answer& answer) {
  auto what = take(id);
  if (!what)
    return;
  auto output = to_value(answer);
  if (auto problem = problem_of(answer)) {
    what->refusal = problem;
    what->refusal_reason = answer.what.status / 100 == 4
                               ? flows::refusal_of(answer)
                               : std::string{away};
    what->run.fail(std::move(*problem), std::move(output));
  } else {
    what->run.answer(std::move(output));
  }
  drive(std::move(what));
}

void runner::close_socket(job& what) {
  auto& how = *what.closing;
  caf::anon_send(caf::actor_cast<socket_actor>(what.handle),
                 socket_close{how.code, how.reason});
}

caf::error runner::refusal_of(const job& what) const {
  auto& error = *what.run.error();
  auto& known = what.refusal;
  if (known && known->type == error.type && known->message == error.message)
    return to_error({error.type, what.refusal_reason});
  return to_error(error);
}

} // namespace switchboard::flows
