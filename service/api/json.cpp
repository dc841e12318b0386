#include "service/api/json.hpp"

#include <algorithm>
#include <array>

#include "service/text.hpp"

namespace switchboard::service::api {

namespace {

boost::json::string text(std::string_view value) {
  return boost::json::string{to_valid_utf8(value)};
}

bool holds_credentials(std::string_view header) {
  constexpr std::array<std::string_view, 3> names{
      "authorization", "proxy-authorization", "cookie"};
  return std::find(names.begin(), names.end(), to_lower(header)) != names.end();
}

string_pairs without_credentials(string_pairs headers) {
  for (auto& [name, value] : headers)
    if (holds_credentials(name))
      value = "[redacted]";
  return headers;
}

void add_counters(boost::json::object& to, const socket_counters& counters) {
  to["messages_received"] = counters.messages_received;
  to["messages_sent"] = counters.messages_sent;
  to["bytes_received"] = counters.bytes_received;
  to["bytes_sent"] = counters.bytes_sent;
  to["peak_queued_bytes"] = counters.peak_queued_bytes;
}

std::string rfc3339(caf::timestamp when) {
  return to_rfc3339(when.time_since_epoch().count());
}

/// Null where there is none.
boost::json::value certificate_of(const handshake_attributes& known) {
  if (!known.has_client_certificate())
    return nullptr;
  boost::json::object result;
  known.for_each_certificate_field(
      [&](std::string_view name, std::string_view value) {
        result[name] = text(value);
      });
  return result;
}

/// Null where there are none.
boost::json::value claims_of(const handshake_attributes& known) {
  auto claims = known.claims();
  if (claims.empty())
    return nullptr;
  boost::system::error_code wrong;
  return boost::json::parse(
      boost::json::string_view{claims.data(), claims.size()}, wrong);
}

/// Null where there is none.
boost::json::value user_of(const handshake_attributes& known) {
  auto user = known.user();
  if (user.empty())
    return nullptr;
  return text(user);
}

} // namespace

boost::json::object to_json(const string_pairs& pairs) {
  boost::json::object result;
  for (auto& [name, value] : pairs) {
    auto [i, fresh] = result.emplace(to_valid_utf8(name), nullptr);
    auto& slot = i->value();
    if (fresh) {
      slot = text(value);
      continue;
    }
    if (!slot.is_array())
      slot = boost::json::array{std::move(slot)};
    slot.as_array().push_back(text(value));
  }
  return result;
}

boost::json::object to_json(const socket_info& socket) {
  static const auto nothing = make_handshake({});
  auto& known =
      socket.attributes.handshake ? *socket.attributes.handshake : *nothing;
  boost::json::array groups;
  if (socket.attributes.groups)
    for (auto& group : *socket.attributes.groups)
      groups.push_back(text(group));
  boost::json::object result;
  result["socket_id"] = text(known.socket_id());
  result["socket_type"] = name_of(known.type());
  result["config"] = text(known.config());
  result["groups"] = std::move(groups);
  result["path"] = text(known.path());
  result["request_uri"] = text(known.request_uri());
  result["scheme"] = text(known.scheme());
  result["query_params"] = to_json(known.query_params());
  result["query_string"] = text(known.query_string());
  result["headers"] = to_json(without_credentials(known.headers()));
  result["uri_params"] = to_json(known.uri_params());
  result["version"] = text(known.version());
  result["method"] = text(known.method());
  result["local_address"] = text(known.local_address());
  result["remote_address"] = text(known.remote_address());
  result["client_certificate"] = certificate_of(known);
  result["user"] = user_of(known);
  result["claims"] = claims_of(known);
  result["subprotocol"] = text(known.subprotocol());
  result["connected_at"] = rfc3339(known.connected_at());
  result["state"] = name_of(socket.state);
  result["generation"] = known.generation();
  add_counters(result, socket.counters);
  result["queued_bytes"] = socket.counters.queued_bytes;
  return result;
}

boost::json::object to_json(const post_mortem& what) {
  boost::json::array groups;
  for (auto& group : what.groups)
    groups.push_back(text(group));
  boost::json::object result;
  result["socket_id"] = text(what.socket_id);
  result["socket_type"] = name_of(what.type);
  result["config"] = text(what.config);
  result["groups"] = std::move(groups);
  result["path"] = text(what.path);
  result["scheme"] = text(what.scheme);
  result["local_address"] = text(what.local_address);
  result["remote_address"] = text(what.remote_address);
  result["subprotocol"] = text(what.subprotocol);
  result["user_agent"] = text(what.user_agent);
  result["opened_at"] = rfc3339(what.opened_at);
  result["closed_at"] = rfc3339(what.closed_at);
  result["generation"] = what.generation;
  result["code"] = render_close_code(what.outcome.code);
  result["code_number"] = what.outcome.code;
  result["reason"] = text(what.outcome.reason);
  result["by"] = name_of(what.outcome.by);
  result["clean"] = what.outcome.clean;
  add_counters(result, what.counters);
  return result;
}

boost::json::object to_json(const broadcast_failure& failure) {
  boost::json::object result;
  result["socket_id"] = text(failure.socket_id);
  result["type"] = name_of(failure.type);
  result["uri"] = text(failure.uri);
  result["error_type"] = text(failure.error_type);
  result["error_message"] = text(failure.error_message);
  return result;
}

boost::json::object to_json(const group_info& group) {
  boost::json::object result;
  result["config"] = text(group.config);
  result["name"] = text(group.name);
  result["sockets"] = group.sockets;
  return result;
}

boost::json::object to_json(const config_info& config) {
  boost::json::object result;
  result["name"] = text(config.name);
  result["listener"] = text(config.listener);
  result["base_path"] = text(config.base_path);
  result["listening"] = config.listening;
  result["address"] = text(config.address);
  result["sockets"] = config.sockets;
  result["opened"] = config.opened;
  result["closed"] = config.closed;
  result["lost"] = config.lost;
  result["problem"] = text(config.problem);
  return result;
}

answer json_answer(unsigned status, const boost::json::value& body) {
  return {status, "application/json", boost::json::serialize(body) + "\n", {}};
}

} // namespace switchboard::service::api
