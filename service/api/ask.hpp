#pragma once

#include <chrono>
#include <type_traits>

#include <caf/all.hpp>

#include "service/api/http.hpp"
#include "service/api/problem.hpp"

namespace switchboard::service::api {

/// How long an operation may take until the API answers 504.
inline constexpr std::chrono::seconds operation_timeout{30};

/// How long an opening may take: longer than a handshake, so that its own error
/// is told.
inline constexpr std::chrono::seconds opening_timeout{120};

/// How long the API waits for the actor that asks: longer than for any answer.
inline constexpr std::chrono::seconds asking_timeout =
    opening_timeout + std::chrono::seconds{1};

/// Asks the registry and renders what it answers; an error becomes a problem.
/// @tparam Result what the operation answers; `void` for nothing.
/// @param render called with the result, or with nothing; gives the answer.
template <class Result, class Request, class Render>
question ask(Request what, Render render,
             std::chrono::seconds limit = operation_timeout) {
  return [=](bridge_actor::pointer self, const registry_actor& registry,
             answer_function done) {
    auto pending = self->request(registry, limit, what);
    auto fail = [=](const caf::error& failure) {
      done(problem(failure));
    };
    if constexpr (std::is_void_v<Result>)
      pending.then([=] { done(render()); }, fail);
    else
      pending.then([=](const Result& result) { done(render(result)); }, fail);
  };
}

} // namespace switchboard::service::api
