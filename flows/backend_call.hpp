#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/close_code.hpp>
#include <switchboard/error.hpp>
#include <switchboard/flow_options.hpp>

#include "flows/flow_counters.hpp"
#include "flows/value.hpp"
#include "net/http_call.hpp"

namespace switchboard::flows {

/// Asks a backend: one `http_request`, retries included. Answered with what
/// the backend has said last, whatever its status; fails with CONNECTIVITY,
/// RETRY_EXHAUSTED, TIMEOUT, or HTTP:NOT_ALLOWED where the target wants no
/// events.
struct backend_call {
  std::shared_ptr<const http_request_settings> settings;
  /// Set by who asks: those of the program that it runs.
  std::shared_ptr<const net::http_route> route = nullptr;
  net::dial_target target;
  std::string method;
  net::header_list headers;
  std::shared_ptr<const std::string> body;
  /// In place of `body`, where that is too large for memory.
  std::shared_ptr<const large_content> large_body;
  /// What the signature covers; empty without an event.
  std::string event_id;
  /// Whether it may be done twice.
  bool idempotent = false;
  /// No attempt begins or goes on behind it.
  std::optional<net::clock::time_point> until = std::nullopt;
  /// Takes the retries; may be null.
  std::shared_ptr<flow_counters> counters = nullptr;
};

/// What a backend has said.
struct backend_answer {
  /// `host:port`.
  std::string from;
  net::http_response what;
};

/// What an answer's headers want done to the event's socket.
struct socket_orders {
  struct closing {
    close_code code = close_codes::normal_closure;
    /// Fits into a close frame.
    std::string reason;
  };

  std::vector<std::string> subscribe;
  std::vector<std::string> unsubscribe;
  std::optional<closing> close;
};

/// `{ body, status, headers }`: the body is JSON where its content type says
/// so and it can be read, else a string; headers are an object of strings with
/// names in lower case, of a repeated one an array.
value to_value(const backend_answer& answer);

/// The error that a status other than 2xx is, `HTTP:` and the status; names
/// the address, the status and the beginning of the body.
std::optional<error_text> problem_of(const backend_answer& answer);

/// Why a socket is refused, fit for a close frame: the reason of
/// `Switchboard-Close`, else the body where it is text, else the status in
/// words.
std::string refusal_of(const backend_answer& answer);

/// Reads `Switchboard-Groups: a, -b` and `Switchboard-Close: 1000 reason`.
/// @param problem receives a sentence where the result is `nullopt`.
std::optional<socket_orders> read_orders(const backend_answer& answer,
                                         std::string& problem);

/// As much of a text as fits into a close frame, as UTF-8 on one line.
std::string fit_reason(std::string_view text);

} // namespace switchboard::flows

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::backend_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::backend_answer)
