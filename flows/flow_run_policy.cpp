#include <utility>

#include <boost/json.hpp>

#include "flows/attribute_values.hpp"
#include "flows/flow_run.hpp"
#include "net/base64.hpp"

// Apart from flow_run.cpp: what comes behind a run that failed.

namespace switchboard::flows {

namespace {

namespace json = boost::json;

constexpr std::string_view letter_name = "dead_letter";

json::object to_json(const error_text& what) {
  return {{"type", what.type}, {"message", what.message}};
}

/// The payload under a name that says how it is written: bytes that are not
/// text as base64.
void add_payload(json::object& to, const value& payload) {
  auto doc = std::get_if<std::shared_ptr<const document>>(&payload);
  if (doc == nullptr) {
    to["payload"] = flows::to_json(payload);
    return;
  }
  auto& content = (*doc)->content();
  if (content.large()) {
    // A letter is in memory, and this would not fit.
    to["payload_size"] = content.large()->size();
    return;
  }
  if (content.binary()) {
    to["payload_base64"] = net::to_base64(content.view());
    return;
  }
  try {
    to["payload"] = flows::to_json(payload);
  } catch (const failure&) {
    // It says that it is JSON, and is not: that may be what has failed.
    to["payload"] = content.view();
  }
}

} // namespace

void flow_run::begin_again(value payload, caf::strong_actor_ptr socket) {
  scope_.payload = std::move(payload);
  scope_.vars.clear();
  scope_.error.reset();
  scope_.past.reset();
  // Still the same event: who has seen it knows it by its id.
  auto event = std::move(event_);
  rewind(*root_, std::move(socket));
  event_ = std::move(event);
}

bool flow_run::begin_on_error(error_text why,
                              std::shared_ptr<const error_list> past,
                              value payload, caf::strong_actor_ptr socket) {
  if (root_->on_error.empty()) {
    error_ = std::move(why);
    return false;
  }
  error_.reset();
  scope_.payload = std::move(payload);
  socket_ = std::move(socket);
  waiting_for_ = nullptr;
  frames_.clear();
  auto& handler = push(frame::kind::handler, root_->on_error, nullptr);
  handler.extras = std::make_unique<frame_extras>();
  scope_.error = std::move(why);
  scope_.past = std::move(past);
  return true;
}

void flow_run::begin_dead_letter(const error_text& why,
                                 std::shared_ptr<const error_list> past,
                                 value payload, caf::strong_actor_ptr socket) {
  outcome_ = std::exchange(error_, std::nullopt);
  auto& rule = *root_->dead_letter;
  if (rule.takes_letter) {
    json::object letter;
    letter["flow"] = root_->name;
    add_payload(letter, payload);
    letter["attributes"] = attributes_object(scope_.attributes);
    auto error = to_json(why);
    json::array errors;
    if (past)
      for (auto& one : *past)
        errors.push_back(to_json(one));
    error["past"] = std::move(errors);
    letter["error"] = std::move(error);
    scope_.vars.set(letter_name, from_json(json::value(std::move(letter))));
  }
  scope_.payload = std::move(payload);
  socket_ = std::move(socket);
  waiting_for_ = nullptr;
  frames_.clear();
  push(frame::kind::flow, rule.steps, nullptr);
  scope_.error = why;
  scope_.past = std::move(past);
}

std::optional<error_text> flow_run::end_dead_letter() {
  scope_.error.reset();
  scope_.past.reset();
  return std::exchange(error_, std::exchange(outcome_, std::nullopt));
}

std::string flow_run::evaluate_id(const expression& what) const {
  return to_text(what.evaluate(scope_, lua_));
}

} // namespace switchboard::flows
