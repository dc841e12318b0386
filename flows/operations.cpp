#include "flows/operations.hpp"

#include <utility>

#include "flows/failure.hpp"

namespace switchboard::flows {

namespace {

namespace json = boost::json;

[[noreturn]] void refuse(std::string why) {
  throw failure{errc::invalid_argument, std::move(why)};
}

std::string text_of(const std::optional<expression>& what,
                    const step_context& at, std::string otherwise) {
  return what ? to_text(what->evaluate(at.in, at.lua)) : std::move(otherwise);
}

std::string config_of(const std::optional<expression>& what,
                      const step_context& at) {
  return text_of(what, at, at.config);
}

std::string own_socket_id(const step_context& at) {
  return at.in.attributes.handshake ? std::string{at.in.attributes->socket_id()}
                                    : std::string{};
}

std::string socket_id_of(const std::optional<expression>& what,
                         const step_context& at) {
  auto result = text_of(what, at, own_socket_id(at));
  if (result.empty())
    refuse(what ? "socket_id is empty"
                : "socket_id is missing, and the event has no socket");
  return result;
}

payload content_of(const std::optional<expression>& what,
                   std::optional<bool> binary, const step_context& at) {
  auto known = what ? what->at_hand(at.in) : &at.in.payload;
  return known != nullptr ? to_payload(*known, binary)
                          : to_payload(what->evaluate(at.in, at.lua), binary);
}

/// Adds a name, or the names of a list.
void add_names(std::vector<std::string>& names, const value& x) {
  if (auto items = is_nil(x) ? std::nullopt : to_items(x))
    for (auto& item : *items)
      names.push_back(to_text(item));
  else
    names.push_back(to_text(x));
}

/// @param key the parameter, for messages.
/// @returns `nullopt` where no names were given at all.
std::optional<std::vector<std::string>> names_of(const list_expression& list,
                                                 const step_context& at,
                                                 const char* key = "groups") {
  if (list.items.empty())
    return std::nullopt;
  std::vector<std::string> result;
  for (auto& item : list.items) {
    auto x = item.evaluate(at.in, at.lua);
    if (list.from_expression && is_nil(x))
      refuse(std::string{key} + " is nil, expected a list of names");
    add_names(result, x);
  }
  return result;
}

/// Adds a name once for each value: none for nil, all of a list.
void add_pairs(string_pairs& out, std::string_view name, const value& x) {
  if (auto items = to_items(x))
    for (auto& item : *items)
      out.emplace_back(name, to_text(item));
  else
    out.emplace_back(name, to_text(x));
}

/// The JSON that a value is; null where it is none.
json_ref json_of(const value& x) {
  if (auto ref = std::get_if<json_ref>(&x))
    return *ref;
  auto doc = std::get_if<std::shared_ptr<const document>>(&x);
  return doc != nullptr && (*doc)->is_json() ? (*doc)->json() : nullptr;
}

socket_type_filter type_of(const std::optional<expression>& what,
                           const step_context& at) {
  auto text = text_of(what, at, "ALL");
  if (text == "ALL")
    return socket_type_filter::all;
  if (text == "INBOUND")
    return socket_type_filter::inbound;
  if (text == "OUTBOUND")
    return socket_type_filter::outbound;
  refuse("socket_type is `" + text + "`, expected INBOUND, OUTBOUND or ALL");
}

/// @returns `nullopt` where a computed list of groups came out empty: that
///          is nobody, where no list at all is everybody.
std::optional<socket_filter> filter_of(const filter_expression& x,
                                       const step_context& at) {
  auto groups = names_of(x.groups, at);
  if (groups && groups->empty())
    return std::nullopt;
  return socket_filter{config_of(x.config, at), text_of(x.path, at, {}),
                       type_of(x.socket_type, at),
                       groups ? std::move(*groups)
                              : std::vector<std::string>{}};
}

close_code code_of(const std::optional<expression>& what,
                   const step_context& at) {
  if (!what)
    return close_codes::normal_closure;
  auto text = to_text(what->evaluate(at.in, at.lua));
  if (auto code = parse_close_code(text))
    return *code;
  refuse("close_code is `" + text
         + "`, expected a name or one of 1000 to 1003, 1007 to 1014, 3000 to "
           "4999");
}

} // namespace

string_pairs pairs_of(const pairs_expression& pairs, const step_context& at,
                      const char* key) {
  string_pairs result;
  for (auto& [name, text] : pairs.items)
    add_pairs(result, name, text.evaluate(at.in, at.lua));
  if (!pairs.from_expression)
    return result;
  auto x = pairs.from_expression->evaluate(at.in, at.lua);
  if (is_nil(x))
    return result;
  auto table = json_of(x);
  // Lua cannot tell an empty list from an empty table.
  if (table && table->is_array() && table->get_array().empty())
    return result;
  if (!table || !table->is_object())
    refuse(std::string{key} + " is " + std::string{kind_of(x)}
           + ", expected a table of names and values");
  for (auto& [name, held] : table->get_object())
    add_pairs(result, name, from_json(table, held));
  return result;
}

bool answers_directly(const send_action& x, const step_context& at) {
  return at.socket && !x.socket_id && !x.config && !x.reconnection
         && (at.config.empty() || at.config == at.in.attributes->config());
}

direct_send make_direct_send(const send_action& x, const step_context& at) {
  return {at.socket, content_of(x.content, x.binary, at)};
}

operation make_operation(const send_action& x, const step_context& at) {
  auto content = content_of(x.content, x.binary, at);
  // A strategy of its own is the registry's to apply.
  if (x.reconnection)
    return send_request{config_of(x.config, at), socket_id_of(x.socket_id, at),
                        std::move(content), x.reconnection};
  auto id = socket_id_of(x.socket_id, at);
  auto config = config_of(x.config, at);
  if (at.socket && id == at.in.attributes->socket_id()
      && (config.empty() || config == at.in.attributes->config()))
    return direct_send{at.socket, std::move(content)};
  return send_request{std::move(config), std::move(id), std::move(content)};
}

operation make_operation(const broadcast_action& x, const step_context& at) {
  auto content = content_of(x.content, x.binary, at);
  if (auto to = filter_of(x.to, at))
    return broadcast_request{std::move(*to), std::move(content)};
  return to_value(broadcast_result{});
}

operation make_operation(const close_action& x, const step_context& at) {
  return close_request{config_of(x.config, at), socket_id_of(x.socket_id, at),
                       code_of(x.close_code, at), text_of(x.reason, at, {})};
}

operation make_operation(const bulk_close_action& x, const step_context& at) {
  auto code = code_of(x.close_code, at);
  auto reason = text_of(x.reason, at, {});
  if (auto to = filter_of(x.to, at))
    return bulk_close_request{std::move(*to), code, std::move(reason)};
  return to_value(bulk_close_result{});
}

operation make_operation(const open_action& x, const step_context& at) {
  open_outbound_socket_request result;
  result.config = config_of(x.config, at);
  result.socket_id = text_of(x.socket_id, at, {});
  if (x.socket_id && result.socket_id.empty())
    throw failure{errc::invalid_socket_id, "socket_id is empty"};
  result.default_groups = names_of(x.default_groups, at, "default_groups")
                              .value_or(std::vector<std::string>{});
  result.path = text_of(x.path, at, {});
  result.url = text_of(x.url, at, {});
  if (x.url && result.url.empty())
    refuse("url is empty");
  result.headers = pairs_of(x.headers, at, "headers");
  result.query_params = pairs_of(x.query_params, at, "query_params");
  result.uri_params = pairs_of(x.uri_params, at, "uri_params");
  result.reconnection = x.reconnection;
  result.send_queue = x.send_queue;
  return result;
}

operation make_operation(const groups_action& x, const step_context& at) {
  auto config = config_of(x.config, at);
  auto id = socket_id_of(x.socket_id, at);
  auto groups = names_of(x.groups, at).value_or(std::vector<std::string>{});
  if (x.subscribe)
    return subscribe_groups_request{std::move(config), std::move(id),
                                    std::move(groups)};
  return unsubscribe_groups_request{std::move(config), std::move(id),
                                    std::move(groups)};
}

value to_value(const broadcast_result& result) {
  json::array failures;
  failures.reserve(result.failures.size());
  for (auto& one : result.failures)
    failures.push_back(json::object{{"socket_id", one.socket_id},
                                    {"type", name_of(one.type)},
                                    {"uri", one.uri},
                                    {"error_type", one.error_type},
                                    {"error_message", one.error_message}});
  return from_json(
      json::object{{"matched", static_cast<std::int64_t>(result.matched)},
                   {"failures", std::move(failures)}});
}

value to_value(const bulk_close_result& result) {
  return from_json(
      json::object{{"closed", static_cast<std::int64_t>(result.closed)}});
}

value to_value(const std::string& socket_id) {
  return socket_id;
}

value to_value(const close_outcome& outcome) {
  json::object result;
  auto name = name_of(outcome.code);
  if (name.empty())
    result["code"] = static_cast<std::int64_t>(outcome.code);
  else
    result["code"] = name;
  result["reason"] = outcome.reason;
  result["clean"] = outcome.clean;
  result["code_number"] = static_cast<std::int64_t>(outcome.code);
  return from_json(std::move(result));
}

} // namespace switchboard::flows
