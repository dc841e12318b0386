#include "flows/attribute_values.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

namespace switchboard::flows {

namespace {

namespace json = boost::json;

using text_field = std::string_view (handshake_attributes::*)() const noexcept;

constexpr std::array<std::pair<std::string_view, text_field>, 11> text_fields{{
    {"socket_id", &handshake_attributes::socket_id},
    {"path", &handshake_attributes::path},
    {"request_uri", &handshake_attributes::request_uri},
    {"scheme", &handshake_attributes::scheme},
    {"query_string", &handshake_attributes::query_string},
    {"version", &handshake_attributes::version},
    {"method", &handshake_attributes::method},
    {"local_address", &handshake_attributes::local_address},
    {"remote_address", &handshake_attributes::remote_address},
    {"subprotocol", &handshake_attributes::subprotocol},
    {"config", &handshake_attributes::config},
}};

using pairs_field = string_pairs (handshake_attributes::*)() const;

constexpr std::array<std::pair<std::string_view, pairs_field>, 3> pairs_fields{{
    {"headers", &handshake_attributes::headers},
    {"query_params", &handshake_attributes::query_params},
    {"uri_params", &handshake_attributes::uri_params},
}};

json::object to_object(const string_pairs& pairs) {
  json::object result;
  result.reserve(pairs.size());
  for (auto& [name, text] : pairs) {
    auto [at, added] = result.emplace(name, text);
    if (added)
      continue;
    if (!at->value().is_array())
      at->value() = json::array{std::move(at->value())};
    at->value().get_array().emplace_back(text);
  }
  return result;
}

/// Gathers what one name has in a table.
struct entry_finder {
  std::string_view name;
  value first;
  /// Empty until the name is seen again.
  json::array all;

  void operator()(std::string_view key, std::string_view text) {
    if (key != name)
      return;
    if (is_nil(first)) {
      first = std::string{text};
      return;
    }
    if (all.empty())
      all.emplace_back(std::get<std::string>(first));
    all.emplace_back(text);
  }

  value take() && {
    return all.empty() ? std::move(first) : from_json(std::move(all));
  }
};

json::array to_array(const std::shared_ptr<const string_list>& names) {
  json::array result;
  if (names)
    for (auto& name : *names)
      result.emplace_back(name);
  return result;
}

json::object certificate_object(const handshake_attributes& of) {
  json::object result;
  of.for_each_certificate_field(
      [&](std::string_view name, std::string_view text) {
        result.emplace(name, text);
      });
  return result;
}

json::object claims_object(const handshake_attributes& of) {
  auto text = of.claims();
  boost::system::error_code wrong;
  auto result = json::parse(json::string_view{text.data(), text.size()}, wrong);
  return result.is_object() ? std::move(result.get_object()) : json::object{};
}

} // namespace

value attribute_of(const socket_attributes& attributes, std::string_view name) {
  if (!attributes.handshake)
    return {};
  for (auto& [field, member] : text_fields)
    if (field == name)
      return std::string{((*attributes).*member)()};
  for (auto& [field, member] : pairs_fields)
    if (field == name)
      return from_json(to_object(((*attributes).*member)()));
  if (name == "groups")
    return from_json(to_array(attributes.groups));
  if (name == "socket_type")
    return std::string{name_of(attributes->type())};
  if (name == "connected_at")
    return render_time(attributes->connected_at());
  if (name == "generation")
    return std::int64_t{attributes->generation()};
  if (name == "client_certificate" && attributes->has_client_certificate())
    return from_json(certificate_object(*attributes));
  if (name == "user" && !attributes->user().empty())
    return std::string{attributes->user()};
  if (name == "claims" && !attributes->claims().empty())
    return from_json(claims_object(*attributes));
  return {};
}

std::optional<value> attribute_entry(const socket_attributes& attributes,
                                     std::string_view table,
                                     std::string_view name) {
  if (!attributes.handshake)
    return std::nullopt;
  entry_finder result{name, {}, {}};
  if (table == "headers") {
    attributes->for_each_header(result);
  } else if (table == "uri_params") {
    attributes->for_each_uri_param(result);
  } else if (table == "query_params") {
    for (auto& [key, text] : attributes->query_params())
      result(key, text);
  } else if (table == "client_certificate"
             && attributes->has_client_certificate()) {
    attributes->for_each_certificate_field(result);
  } else if (table == "claims" && !attributes->claims().empty()) {
    auto claims = claims_object(*attributes);
    auto found = claims.if_contains(name);
    return found != nullptr ? from_json(std::move(*found)) : value{};
  } else {
    return std::nullopt;
  }
  return std::move(result).take();
}

json::object attributes_object(const socket_attributes& attributes) {
  json::object result;
  if (!attributes.handshake)
    return result;
  for (auto& [name, member] : text_fields)
    result[name] = ((*attributes).*member)();
  for (auto& [name, member] : pairs_fields)
    result[name] = to_object(((*attributes).*member)());
  result["groups"] = to_array(attributes.groups);
  result["socket_type"] = name_of(attributes->type());
  result["connected_at"] = render_time(attributes->connected_at());
  result["generation"] = std::int64_t{attributes->generation()};
  if (attributes->has_client_certificate())
    result["client_certificate"] = certificate_object(*attributes);
  if (!attributes->user().empty())
    result["user"] = attributes->user();
  if (!attributes->claims().empty())
    result["claims"] = claims_object(*attributes);
  return result;
}

std::string render_time(caf::timestamp at) {
  using namespace std::chrono;
  auto whole = floor<seconds>(at);
  auto fraction = duration_cast<milliseconds>(at - whole).count();
  auto clock = static_cast<std::time_t>(whole.time_since_epoch().count());
  std::tm parts{};
  gmtime_r(&clock, &parts);
  std::array<char, 96> buffer;
  auto size = std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
      parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
      parts.tm_min, parts.tm_sec, static_cast<int>(fraction));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

} // namespace switchboard::flows
