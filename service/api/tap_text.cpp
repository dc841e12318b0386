#include "service/api/tap_text.hpp"

#include "net/base64.hpp"
#include "service/text.hpp"

namespace switchboard::service::api {

namespace {

boost::json::string text(std::string_view value) {
  return boost::json::string{to_valid_utf8(value)};
}

std::string rfc3339(caf::timestamp when) {
  return to_rfc3339(when.time_since_epoch().count());
}

/// Without the character that a text was cut in.
std::string_view without_torn_end(std::string_view text) {
  constexpr std::size_t longest = 4;
  for (std::size_t i = 1; i < longest && i <= text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[text.size() - i]);
    if ((byte & 0xC0) == 0x80)
      continue;
    auto size = byte >= 0xF0 ? 4u : byte >= 0xE0 ? 3u : byte >= 0xC0 ? 2u : 1u;
    return size > i ? text.substr(0, text.size() - i) : text;
  }
  return text;
}

void add_payload(boost::json::object& to, const tap_event& what) {
  auto truncated = what.payload.size() < what.size;
  if (what.binary)
    to["payload"] = net::to_base64(what.payload);
  else
    to["payload"] =
        text(truncated ? without_torn_end(what.payload) : what.payload);
  to["encoding"] = what.binary ? "base64" : "utf-8";
  to["truncated"] = truncated;
}

void add_content(boost::json::object& to, const tap_event& what, bool payload) {
  to["direction"] = what.kind == tap_event_kind::message ? "in" : "out";
  to["format"] = what.binary ? "binary" : "text";
  to["size"] = what.size;
  if (payload)
    add_payload(to, what);
}

void add_outcome(boost::json::object& to, const close_outcome& what) {
  to["code"] = render_close_code(what.code);
  to["code_number"] = what.code;
  to["reason"] = text(what.reason);
  to["by"] = name_of(what.by);
  to["clean"] = what.clean;
}

} // namespace

boost::json::object to_json(const tap_event& what, bool payload) {
  static const auto nothing = make_handshake({});
  auto& known =
      what.attributes.handshake ? *what.attributes.handshake : *nothing;
  boost::json::array groups;
  if (what.attributes.groups)
    for (auto& group : *what.attributes.groups)
      groups.push_back(text(group));
  boost::json::object result;
  result["event"] = name_of(what.kind);
  result["time"] = rfc3339(what.time);
  result["socket_id"] = text(known.socket_id());
  result["config"] = text(known.config());
  result["type"] = name_of(known.type());
  result["path"] = text(known.path());
  result["groups"] = std::move(groups);
  switch (what.kind) {
    case tap_event_kind::message:
    case tap_event_kind::sent:
      add_content(result, what, payload);
      break;
    case tap_event_kind::closed:
    case tap_event_kind::reconnecting:
      add_outcome(result, what.outcome);
      break;
    case tap_event_kind::opened:
    case tap_event_kind::reopened:
      result["remote_address"] = text(known.remote_address());
      result["generation"] = known.generation();
      break;
  }
  return result;
}

boost::json::object to_json(const tap_losses& what, caf::timestamp time) {
  boost::json::object result;
  result["event"] = "dropped";
  result["time"] = rfc3339(time);
  result["not_sampled"] = what.not_sampled;
  result["over_rate"] = what.over_rate;
  result["overflowed"] = what.overflowed;
  return result;
}

boost::json::object to_json(const tap_end& what, caf::timestamp time) {
  boost::json::object result;
  result["event"] = "end";
  result["time"] = rfc3339(time);
  result["reason"] = text(what.reason);
  return result;
}

std::string to_sse(std::uint64_t id, std::string_view event,
                   const boost::json::object& data) {
  std::string result = "id: " + std::to_string(id) + "\nevent: ";
  result.append(event).append("\ndata: ");
  result += boost::json::serialize(data);
  result += "\n\n";
  return result;
}

} // namespace switchboard::service::api
