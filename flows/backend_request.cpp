#include <algorithm>
#include <random>
#include <utility>

#include "actors/handshake_trace.hpp"
#include "flows/failure.hpp"
#include "flows/operations.hpp"
#include "net/header_values.hpp"
#include "net/trace_context.hpp"

// Apart from operations.cpp: all that makes an `http_request`.

namespace switchboard::flows {

namespace {

using document_ptr = std::shared_ptr<const document>;

constexpr std::string_view plain_text = "text/plain";

/// Bytes of an error in a header.
constexpr std::size_t most_of_error = 512;

[[noreturn]] void refuse(std::string why) {
  throw failure{errc::invalid_argument, "http_request: " + std::move(why)};
}

/// Whether a header is the step's own to set.
bool is_ours(std::string_view name) {
  return net::is_framing_header(name)
         || net::equal_ignoring_case(name, "Switchboard-Signature")
         || net::equal_ignoring_case(name.substr(0, 3), "ce-");
}

void check_headers(const net::header_list& headers) {
  for (auto& [name, text] : headers) {
    if (!net::is_token(name))
      refuse("a header's name is no token");
    if (is_ours(name))
      refuse("the header " + name + " belongs to the request itself");
    if (!net::is_header_value(text))
      refuse("the value of the header " + name + " cannot be sent");
  }
}

bool has(const net::header_list& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](auto& pair) {
    return net::equal_ignoring_case(pair.first, name);
  });
}

/// Whether a MIME type is of text and does not say how that is written.
bool is_text_without_charset(std::string_view type) {
  return net::equal_ignoring_case(type.substr(0, 5), "text/")
         && type.find(';') == std::string_view::npos;
}

/// The MIME type of a body that says none.
std::string type_of(const value& body, const step_context& at) {
  std::string_view type = plain_text;
  const std::string* encoding = nullptr;
  if (auto doc = std::get_if<document_ptr>(&body)) {
    auto own = std::get_if<document_ptr>(&at.in.payload);
    if (own != nullptr && *own == *doc) {
      type = mime_type_of(at.root.output_mime_type,
                          at.in.attributes.handshake.get(), (*doc)->content());
      if ((*doc)->is_encoded())
        encoding = &*at.root.output_encoding;
    } else if ((*doc)->is_json()) {
      type = "application/json";
    } else if ((*doc)->content().binary()) {
      type = "application/octet-stream";
    }
  } else if (std::holds_alternative<json_ref>(body)
             || std::holds_alternative<std::shared_ptr<const record>>(body)) {
    type = "application/json";
  }
  // A handshake's own Content-Type is a peer's.
  if (!net::is_header_value(type))
    type = "application/octet-stream";
  if (encoding != nullptr && is_text_without_charset(type))
    return std::string{type} + "; charset=" + *encoding;
  return type == plain_text ? "text/plain; charset=utf-8" : std::string{type};
}

std::uint64_t make_span() {
  thread_local std::mt19937_64 dice{std::random_device{}()};
  std::uint64_t result = 0;
  while (result == 0)
    result = dice();
  return result;
}

/// The call belongs to the trace that the socket's handshake came in.
void add_trace_headers(net::header_list& headers,
                       const handshake_attributes& handshake) {
  auto parent = actors::traceparent_of(handshake);
  if (!parent || has(headers, "traceparent"))
    return;
  std::string state;
  handshake.for_each_header([&](std::string_view name, std::string_view value) {
    if (name == "tracestate")
      state.append(state.empty() ? "" : ",").append(value);
  });
  headers.emplace_back(
      "traceparent",
      net::make_traceparent(*net::parse_traceparent(*parent), make_span()));
  if (net::is_tracestate(state) && !has(headers, "tracestate"))
    headers.emplace_back("tracestate", std::move(state));
}

bool takes_no_body(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

} // namespace

operation make_operation(const http_request_action& x, const step_context& at) {
  backend_call result;
  result.settings = x.settings;
  result.method =
      x.method ? to_text(x.method->evaluate(at.in, at.lua)) : "POST";
  if (!net::is_token(result.method) || result.method == "CONNECT")
    refuse("the method is none");
  std::string problem;
  auto target =
      net::read_http_url(to_text(x.url.evaluate(at.in, at.lua)), problem);
  if (!target)
    refuse("the url: " + problem);
  result.target = std::move(*target);
  result.headers = pairs_of(x.headers, at, "headers");
  check_headers(result.headers);
  if (auto& known = at.in.attributes.handshake)
    add_trace_headers(result.headers, *known);
  if (x.tells_error && at.in.error) {
    auto add = [&](const char* name, std::string_view text) {
      result.headers.emplace_back(
          name, encode_event_value(text.substr(0, most_of_error)));
    };
    add("switchboard-error-type", at.in.error->type);
    add("switchboard-error-message", at.in.error->message);
  }
  if (x.body || !takes_no_body(result.method)) {
    auto body = x.body ? x.body->evaluate(at.in, at.lua) : at.in.payload;
    auto content = to_payload(body, true);
    if (content.size() > 0) {
      result.body = content.storage();
      result.large_body = content.large();
      if (!has(result.headers, "Content-Type"))
        result.headers.emplace_back("content-type", type_of(body, at));
    }
  }
  if (x.settings->event) {
    if (at.event.id.empty())
      at.event.id = make_event_id();
    result.event_id = at.event.id;
    add_event_headers(result.headers, at.event, at.root, at.in);
  }
  result.idempotent =
      x.settings->idempotent.value_or(net::is_idempotent(result.method));
  return result;
}

} // namespace switchboard::flows
