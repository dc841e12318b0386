#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/attributes.hpp>
#include <switchboard/interfaces.hpp>

namespace switchboard::service::api {

/// What goes back to an HTTP client.
struct answer {
  unsigned status = 200;
  /// Empty where there is no body.
  std::string content_type;
  std::string body;
  /// Further headers.
  string_pairs headers;
};

/// A request as handlers see it: matched, checked, read.
struct request {
  /// The decoded `{name}` segments of the route's path.
  string_pairs path_params;
  /// Decoded and checked against the route's parameters.
  string_pairs query;
  /// As it came.
  std::string content_type;
  std::string body;

  /// The value of a path parameter that the route has.
  const std::string& path_param(std::string_view name) const;

  /// The first value of a query parameter; null where it was left out.
  const std::string* parameter(std::string_view name) const;

  /// Every value of a query parameter, in order.
  std::vector<std::string> parameters(std::string_view name) const;
};

struct call;

/// The actor `switchboard.api`: asks the registry for the HTTP side. Never
/// answers by message: a call brings its own way back.
using bridge_actor = caf::typed_actor<caf::reacts_to<call>>;

/// Takes the answer of a call, on the actor's thread; must not block.
using answer_function = std::function<void(answer)>;

/// Asks the registry in the name of the actor and hands the answer on, once.
using question = std::function<void(bridge_actor::pointer,
                                    const registry_actor&, answer_function)>;

/// What the HTTP side hands to the actor. Stays in the process.
struct call {
  question ask;
  answer_function done;
};

/// An answer that goes on for as long as the client reads it.
struct live_tap {
  tap_request what;
  /// Whether payloads are told.
  bool payload = false;
};

/// What a handler decides: an answer, whom to ask for it, or what to stream.
using outcome = std::variant<answer, question, live_tap>;

} // namespace switchboard::service::api

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::service::api::call)
