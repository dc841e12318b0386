#include <span>

#include "net/utf8.hpp"
#include "service/api/problem.hpp"
#include "service/api/routes.hpp"
#include "service/text.hpp"

namespace switchboard::service::api {

namespace {

std::string text_of(const std::string* value) {
  return value != nullptr ? *value : std::string{};
}

/// The media type of a Content-Type in lower case, without its parameters.
std::string media_type_of(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t'))
    type.remove_suffix(1);
  return to_lower(type);
}

} // namespace

socket_filter filter_of(const request& from) {
  socket_filter result;
  result.config = text_of(from.parameter("config"));
  result.path = text_of(from.parameter("path"));
  result.groups = from.parameters("group");
  if (auto type = from.parameter("type")) {
    if (*type == "INBOUND")
      result.type = socket_type_filter::inbound;
    else if (*type == "OUTBOUND")
      result.type = socket_type_filter::outbound;
  }
  return result;
}

std::vector<parameter> filter_parameters() {
  return {
      {"config", value_kind::name,
       "Only sockets of this configuration. Left out: of all."},
      {"path", value_kind::name,
       "Only sockets whose path below the base path matches this pattern: "
       "literal segments, `{name}` for one segment, a trailing `*`."},
      {"type", value_kind::socket_type, "Only sockets of this type."},
      {"group", value_kind::name,
       "Only sockets of this group; given repeatedly, of any of the groups.",
       true},
  };
}

std::vector<parameter> closing_parameters() {
  return {
      {"code", value_kind::close_code,
       "Close code by name or number. Left out: NORMAL_CLOSURE."},
      {"reason", value_kind::close_reason, "Reason in the close frame."},
  };
}

close_code close_code_of(const request& from) {
  auto text = from.parameter("code");
  auto code = text != nullptr ? parse_close_code(*text) : std::nullopt;
  return code.value_or(close_codes::normal_closure);
}

payload content_of(const request& from, std::optional<answer>& refusal) {
  auto binary = media_type_of(from.content_type) == "application/octet-stream";
  if (!binary && !net::is_utf8(std::as_bytes(std::span{from.body})))
    refusal = problem(errc::invalid_argument,
                      "the body is not UTF-8; send it as "
                      "application/octet-stream to have it sent as binary");
  return payload{from.body, binary};
}

const std::vector<route>& routes() {
  static const auto all = [] {
    auto result = socket_routes();
    for (auto&& more :
         {closed_routes(), bulk_routes(), system_routes(), drain_routes(),
          reload_routes(), log_routes(), tap_routes()})
      result.insert(result.end(), more.begin(), more.end());
    return result;
  }();
  return all;
}

} // namespace switchboard::service::api
