#pragma once

// What the tests of flows/ build their inputs with.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <switchboard/flow_options.hpp>
#include <switchboard/messages.hpp>

#include "flows/expression.hpp"
#include "flows/failure.hpp"
#include "flows/program.hpp"
#include "flows/value.hpp"

namespace switchboard::flows::testing {

inline socket_attributes make_attributes(std::string id = "s1",
                                         std::string content_type = {}) {
  handshake_fields hs;
  hs.socket_id = std::move(id);
  hs.config = "main";
  hs.relative_path = "/lobby";
  hs.request_uri = "/chat/lobby?room=a&tag=x&tag=y";
  hs.headers = {{"host", "example.org"}, {"user-agent", "test/1"}};
  if (!content_type.empty())
    hs.headers.emplace_back("content-type", std::move(content_type));
  hs.uri_params = {{"name", "lobby"}};
  hs.local_address = "127.0.0.1:80";
  hs.remote_address = "127.0.0.1:5000";
  hs.connected_at = caf::timestamp{std::chrono::milliseconds{1'500}};
  return {make_handshake(hs),
          std::make_shared<const string_list>(string_list{"a", "b"})};
}

inline value make_text(std::string text, bool binary = false) {
  return std::make_shared<const document>(payload{std::move(text), binary},
                                          false);
}

inline value make_json(std::string text) {
  return std::make_shared<const document>(payload{std::move(text)}, true);
}

/// A binary message of a flow with an `output_encoding`.
inline value make_encoded(std::string bytes, std::string encoding,
                          std::string mime_type = "text/plain") {
  struct tags {
    std::optional<std::string> type;
    std::optional<std::string> encoding;
  };
  auto of_flow = std::make_shared<tags>();
  of_flow->type = std::move(mime_type);
  of_flow->encoding = std::move(encoding);
  // The tags live as long as the document.
  auto made = new document{payload{std::move(bytes), true}, of_flow->type,
                           nullptr, of_flow->encoding};
  return std::shared_ptr<const document>{made, [of_flow](const document* what) {
                                           delete what;
                                         }};
}

inline scope make_scope(value content) {
  return {std::move(content), make_attributes(), {}, {}};
}

/// Evaluates one template text as a flow would.
inline value evaluate(std::string text, const scope& in,
                      const lua_limits& limits = {}) {
  lua_chunks chunks;
  diagnostics problems;
  auto code = expression::compile({std::move(text), {}}, chunks, problems);
  if (!problems.empty())
    throw failure{errc::expression, problems.front().message};
  lua_sandbox lua{std::make_shared<const lua_chunks>(std::move(chunks)),
                  limits};
  return code.evaluate(in, lua);
}

/// The text of what a template text yields; `!` and the message for a
/// failure.
inline std::string text_of(std::string text, const scope& in,
                           const lua_limits& limits = {}) {
  try {
    return to_text(evaluate(std::move(text), in, limits));
  } catch (const failure& what) {
    return "!" + what.text().message;
  }
}

inline std::string text_of(std::string text) {
  return text_of(std::move(text), make_scope(make_text("hello")));
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

inline template_text text(std::string what) {
  return {std::move(what), {}};
}

template <class Form>
step_options make_step(Form form) {
  step_options result;
  result.form = std::move(form);
  return result;
}

inline step_options set(std::string name, std::string what) {
  return make_step(set_variable_step{std::move(name), text(std::move(what))});
}

inline step_options log(std::string what) {
  return make_step(log_step{text(std::move(what))});
}

inline step_options send(std::string content) {
  send_step form;
  form.content = text(std::move(content));
  return make_step(std::move(form));
}

inline step_options raise(std::string type, std::string message) {
  return make_step(
      raise_error_step{text(std::move(type)), text(std::move(message))});
}

inline step_options ref(std::string name) {
  return make_step(flow_ref_step{std::move(name)});
}

inline step_options each(std::string items, std::vector<step_options> steps) {
  return make_step(for_each_step{text(std::move(items)), std::move(steps)});
}

inline step_options target(step_options step, std::string name,
                           std::string what = {}) {
  step.target = std::move(name);
  if (!what.empty())
    step.target_value = text(std::move(what));
  return step;
}

inline step_options when(step_options step, std::string condition) {
  step.when = text(std::move(condition));
  return step;
}

inline flow_options make_flow(std::string name, std::vector<step_options> steps,
                              std::vector<step_options> on_error = {}) {
  flow_options result;
  result.name = std::move(name);
  result.source = flow_source::inbound_listener;
  result.config = "main";
  result.steps = std::move(steps);
  result.on_error = std::move(on_error);
  return result;
}

} // namespace switchboard::flows::testing
