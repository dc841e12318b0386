#include <string_view>

#include <switchboard/report_part.hpp>

#include "service/api/openapi.hpp"
#include "service/api/schema_parts.hpp"

namespace switchboard::service::api {

namespace {

using boost::json::array;
using boost::json::object;

/// What each part of the log may have.
object log_parts(const object& each) {
  auto result = typed("object", "By part, of those that have a level of their "
                                "own.");
  object members;
  for (auto name : report_part_names)
    members[name] = each;
  result["properties"] = std::move(members);
  result["additionalProperties"] = false;
  return result;
}

object log_changes() {
  object none;
  none["type"] = "null";
  object level_or_none;
  level_or_none["oneOf"] = array{reference("LogLevel"), std::move(none)};
  auto result = record(
      {{"level", reference("LogLevel")}, {"levels", log_parts(level_or_none)}});
  result.erase("required");
  result["minProperties"] = 1;
  return result;
}

object names_and_values() {
  array choices;
  choices.push_back(typed("string"));
  choices.push_back(list_of(typed("string")));
  object values;
  values["oneOf"] = std::move(choices);
  auto result = typed(
      "object", "A name that stands repeatedly has an array of its values.");
  result["additionalProperties"] = std::move(values);
  return result;
}

object certificate() {
  auto result = record({
      {"subject", typed("string", "RFC 4514.")},
      {"issuer", typed("string", "RFC 4514.")},
      {"serial", typed("string", "Hexadecimal.")},
      {"fingerprint", typed("string", "SHA-256.")},
      {"pem", typed("string")},
  });
  result["type"] = array{"object", "null"};
  result["description"] = "Of an inbound socket whose client has shown one.";
  return result;
}

object user() {
  object result;
  result["type"] = array{"string", "null"};
  result["description"] = "Whom the listener let in, where it asks for "
                          "credentials.";
  return result;
}

object claims() {
  object result;
  result["type"] = array{"object", "null"};
  result["description"] = "Of the token that the socket was let in with.";
  result["additionalProperties"] = true;
  return result;
}

object socket() {
  auto moment = typed("string", "RFC 3339, UTC.");
  moment["format"] = "date-time";
  return record({
      {"socket_id", typed("string")},
      {"socket_type", one_of({"INBOUND", "OUTBOUND"})},
      {"config", typed("string", "Name of its configuration.")},
      {"groups", list_of(typed("string"))},
      {"path", typed("string", "Of the handshake's request, without query.")},
      {"request_uri", typed("string", "Path and query as they came.")},
      {"scheme", one_of({"WS", "WSS"})},
      {"query_params", reference("NamesAndValues")},
      {"query_string", typed("string")},
      {"headers", reference("NamesAndValues")},
      {"uri_params", reference("NamesAndValues")},
      {"version", typed("string", "HTTP version of the handshake.")},
      {"method", typed("string", "HTTP method of the handshake.")},
      {"local_address", typed("string", "address:port")},
      {"remote_address", typed("string", "address:port")},
      {"client_certificate", certificate()},
      {"user", user()},
      {"claims", claims()},
      {"subprotocol", typed("string", "Empty where none was agreed on.")},
      {"connected_at", std::move(moment)},
      {"state", one_of({"open", "closing", "reconnecting"})},
      {"generation", count("How often it was reconnected.")},
      {"messages_received", count()},
      {"messages_sent", count()},
      {"bytes_received", count("Before compression.")},
      {"bytes_sent", count("Before compression.")},
      {"peak_queued_bytes", count("The most that waited for the peer.")},
      {"queued_bytes", count("In the send queue now.")},
  });
}

object moment() {
  auto result = typed("string", "RFC 3339, UTC.");
  result["format"] = "date-time";
  return result;
}

object closed_socket() {
  return record({
      {"socket_id", typed("string")},
      {"socket_type", one_of({"INBOUND", "OUTBOUND"})},
      {"config", typed("string", "Name of its configuration.")},
      {"groups", list_of(typed("string"))},
      {"path", typed("string", "Without query; cut at 512 bytes.")},
      {"scheme", one_of({"WS", "WSS"})},
      {"local_address", typed("string", "address:port")},
      {"remote_address", typed("string", "address:port")},
      {"subprotocol", typed("string", "Empty where none was agreed on.")},
      {"user_agent", typed("string", "Cut at 256 bytes.")},
      {"opened_at", moment()},
      {"closed_at", moment()},
      {"generation", count("How often it was reconnected.")},
      {"code", typed("string", "Close code, by name where it has one.")},
      {"code_number", count("1006: without a close frame.")},
      {"reason", typed("string", "Of the close frame, or why it was lost.")},
      {"by", one_of({"peer", "operation", "timeout", "slow_consumer",
                     "protocol_error", "handler", "shutdown", "lost", "limit",
                     "hung_up", "given_up", "bulk_close", "token_expired"})},
      {"clean", typed("boolean", "Whether both sent a close frame.")},
      {"messages_received", count()},
      {"messages_sent", count()},
      {"bytes_received", count("Before compression.")},
      {"bytes_sent", count("Before compression.")},
      {"peak_queued_bytes", count("The most that waited for the peer.")},
  });
}

object reconnection() {
  auto strategy = one_of({"none", "reconnect", "reconnect-forever"});
  strategy["default"] = "none";
  auto count_of = count("Attempts after the first, for reconnect.");
  count_of["default"] = 2;
  auto blocking = typed("boolean", "Whether the request waits for the outcome; "
                                   "else it fails and the attempts go on.");
  blocking["default"] = true;
  auto deployment = typed("boolean");
  deployment["default"] = false;
  auto factor = typed("number");
  factor["minimum"] = 1;
  auto jitter = typed("number", "Share of the wait that is drawn by lot.");
  jitter["minimum"] = 0;
  jitter["maximum"] = 1;
  auto backoff = choice_of({{"factor", std::move(factor)},
                            {"max", duration("60s")},
                            {"jitter", std::move(jitter)}});
  array forms;
  forms.push_back(typed("integer"));
  forms.push_back(typed("string"));
  object code;
  code["oneOf"] = std::move(forms);
  auto final_codes = list_of(std::move(code));
  final_codes["description"] = "Close codes of the peer, by name or number, "
                               "that end the socket for good.";
  final_codes["default"] = array{1000};
  auto result = choice_of({{"strategy", std::move(strategy)},
                           {"frequency", duration("2s")},
                           {"count", std::move(count_of)},
                           {"blocking", std::move(blocking)},
                           {"backoff", std::move(backoff)},
                           {"final_close_codes", std::move(final_codes)},
                           {"fails_deployment", std::move(deployment)}});
  result["description"] =
      "How it is opened and kept, in place of the configuration's.";
  return result;
}

object open_socket() {
  auto id = typed("string", "Left out: made up.");
  id["minLength"] = 1;
  id["maxLength"] = 128;
  return choice_of({
      {"config", typed("string", "May be left out where only one "
                                 "configuration has client settings.")},
      {"socket_id", std::move(id)},
      {"default_groups", list_of(typed("string"))},
      {"path", typed("string", "Below the client's base path; `{name}` stands "
                               "for a uri parameter.")},
      {"url", typed("string", "ws:// or wss://, instead of the client's host, "
                              "port and base path, and of path.")},
      {"headers", reference("NamesAndValues")},
      {"query_params", reference("NamesAndValues")},
      {"uri_params", reference("NamesAndValues")},
      {"reconnection", reference("Reconnection")},
      {"send_queue_limit",
       typed("string", "A size such as \"64KiB\", in place of the "
                       "configuration's.")},
      {"slow_consumer", one_of({"close", "drop_newest", "drop_oldest"})},
  });
}

object socket_list(std::string_view of) {
  auto next = object{};
  next["type"] = array{"string", "null"};
  next["description"] =
      "Give it as `after` for the next page; null at the end.";
  return record(
      {{"sockets", list_of(reference(of))}, {"next", std::move(next)}});
}

/// One line of data of a tap.
object tap_event() {
  auto result = record({
      {"event", one_of({"opened", "message", "sent", "closed", "reconnecting",
                        "reopened", "dropped", "end"})},
      {"time", moment()},
      {"socket_id", typed("string")},
      {"config", typed("string", "Name of its configuration.")},
      {"type", one_of({"INBOUND", "OUTBOUND"})},
      {"path", typed("string", "Of the handshake's request, without query.")},
      {"groups", list_of(typed("string"))},
      {"direction", one_of({"in", "out"})},
      {"format", one_of({"text", "binary"})},
      {"size", count("Of the message, without compression.")},
      {"payload", typed("string", "Only where it was asked for.")},
      {"encoding", one_of({"utf-8", "base64"})},
      {"truncated", typed("boolean", "Whether the payload is not all of it.")},
      {"remote_address", typed("string", "opened, reopened: address:port")},
      {"generation", count("opened, reopened: how often it was reconnected.")},
      {"code", typed("string", "closed, reconnecting: by name where it has "
                               "one.")},
      {"code_number", count("1006: without a close frame.")},
      {"reason", typed("string", "closed, reconnecting, end.")},
      {"by", typed("string", "closed, reconnecting: as of ClosedSocket.")},
      {"clean", typed("boolean", "Whether both sent a close frame.")},
      {"not_sampled", count("dropped: messages that were not drawn.")},
      {"over_rate", count("dropped: events beyond the rate.")},
      {"overflowed", count("dropped: events that the client was too slow "
                           "for.")},
  });
  result["required"] = array{"event", "time"};
  result["description"] =
      "`dropped` and `end` are of no socket; messages have `direction`, "
      "`format` and `size`.";
  return result;
}

object close_code() {
  auto result = typed(
      "string",
      "A name, or a number: 1000 to 1003, 1007 to 1014, 3000 to 4999. Names "
      "are "
      "NORMAL_CLOSURE, ENDPOINT_GOING_DOWN, PROTOCOL_ERROR, INVALID_DATA, "
      "MESSAGE_TOO_LARGE.");
  result["pattern"] =
      "^(NORMAL_CLOSURE|ENDPOINT_GOING_DOWN|PROTOCOL_ERROR|INVALID_DATA|"
      "MESSAGE_TOO_LARGE|100[0-3]|100[7-9]|101[0-4]|[34][0-9]{3})$";
  result["default"] = "NORMAL_CLOSURE";
  return result;
}

} // namespace

object schemas() {
  object source;
  source["type"] = array{"string", "null"};
  source["description"] = "null for a flow that only flow_ref calls.";
  object result;
  result["Problem"] = record({
      {"type", typed("string", "The error's name, or about:blank for what the "
                               "status says alone.")},
      {"title", typed("string")},
      {"status", typed("integer")},
      {"detail", typed("string")},
  });
  result["NamesAndValues"] = names_and_values();
  result["CloseCode"] = close_code();
  result["Socket"] = socket();
  result["SocketList"] = socket_list("Socket");
  result["ClosedSocket"] = closed_socket();
  result["ClosedList"] = socket_list("ClosedSocket");
  result["Reconnection"] = reconnection();
  result["OpenSocket"] = open_socket();
  result["OpenedSocket"] = record({{"socket_id", typed("string")}});
  result["BroadcastFailure"] = record({
      {"socket_id", typed("string")},
      {"type", one_of({"INBOUND", "OUTBOUND"})},
      {"uri", typed("string")},
      {"error_type", typed("string")},
      {"error_message", typed("string")},
  });
  result["BroadcastResult"] = record({
      {"matched", count()},
      {"failures", list_of(reference("BroadcastFailure"))},
  });
  result["CloseResult"] = record({{"closed", count()}});
  result["Group"] = record({
      {"config", typed("string")},
      {"name", typed("string")},
      {"sockets", count()},
  });
  result["GroupList"] = record({{"groups", list_of(reference("Group"))}});
  result["Config"] = record({
      {"name", typed("string")},
      {"listener", typed("string")},
      {"base_path", typed("string")},
      {"listening", typed("boolean", "Whether the listener is bound.")},
      {"address", typed("string", "address:port once bound, else empty.")},
      {"sockets", count("Now.")},
      {"opened", count("Since the start.")},
      {"closed", count("Since the start.")},
      {"lost",
       count("Connections of outbound sockets that were lost and replaced, "
             "or are being replaced, since the start.")},
      {"problem",
       typed("string", "Why the listener is not bound, else empty.")},
  });
  result["ConfigList"] = record({{"configs", list_of(reference("Config"))}});
  result["Flow"] = record({
      {"name", typed("string")},
      {"source", std::move(source)},
      {"config", typed("string", "Empty where the source has none.")},
      {"path", typed("string")},
      {"events", count("Since the start.")},
      {"failures", count("Since the start.")},
      {"in_work", count("Now.")},
      {"waiting", count("Events that max_concurrency keeps waiting, now.")},
      {"retries", count("Requests to backends made once more, and runs that "
                        "were tried again, since the start.")},
      {"dead_letters", count("Events given up that the dead letter has taken, "
                             "since the start.")},
      {"lost_letters", count("Those that it could not take.")},
      {"seconds", typed("number", "That its runs have taken, since the "
                                  "start.")},
      {"dropped", count("Events of open sockets that came after a reload had "
                        "taken the flow away.")},
      {"removed", typed("boolean", "Whether a reload has taken it away.")},
      {"dead_runners", count("Its runners that have died; a reload replaces "
                             "them.")},
  });
  result["FlowList"] = record({{"flows", list_of(reference("Flow"))}});
  result["Drain"] = record({
      {"state", one_of({"none", "draining", "drained"})},
      {"sockets", count("Those that are still open.")},
  });
  result["ReloadChange"] = record({
      {"key", typed("string", "As websocket.main.server.ping_interval.")},
      {"change", one_of({"added", "removed", "changed"})},
      {"effect",
       one_of({"applied", "applied for new sockets", "needs a restart"})},
      {"note", typed("string", "What else is to be known; may be empty.")},
  });
  result["Reload"] = record({
      {"dry_run", typed("boolean", "Whether nothing was done.")},
      {"changes", list_of(reference("ReloadChange"))},
      {"needs_restart", typed("boolean", "Whether one of them does.")},
  });
  result["LogLevel"] =
      one_of({"trace", "debug", "info", "warn", "error", "off"});
  result["Log"] = record({{"level", reference("LogLevel")},
                          {"levels", log_parts(reference("LogLevel"))}});
  result["LogChanges"] = log_changes();
  result["Status"] = record({{"status", one_of({"alive", "ready"})}});
  result["TapStream"] =
      typed("string", "Server-sent events; the data of each is a TapEvent.");
  result["TapEvent"] = tap_event();
  result["Metrics"] = typed("string", "Prometheus' text format.");
  result["Document"] = typed("object");
  return result;
}

} // namespace switchboard::service::api
