#include "service/api/routes.hpp"

namespace switchboard::service::api {

namespace {

bool read_flag(const std::string* from) {
  return from != nullptr && *from != "false";
}

outcome tap(const request& from, const backend&) {
  live_tap result;
  result.what.which = filter_of(from);
  if (auto id = from.parameter("socket"))
    result.what.socket_id = *id;
  read_number(from.parameter("sample"), result.what.sample);
  read_number(from.parameter("rate"), result.what.rate);
  result.payload = read_flag(from.parameter("payload"));
  if (result.payload) {
    result.what.payload_limit = default_tap_payload;
    read_number(from.parameter("payload_limit"), result.what.payload_limit);
  }
  return result;
}

std::vector<parameter> tap_parameters() {
  std::vector<parameter> result{
      {"socket", value_kind::name,
       "Only of the socket with this id; the stream ends with it."}};
  for (auto& more : filter_parameters())
    result.push_back(more);
  result.push_back({"sample", value_kind::fraction,
                    "The fraction of messages that is told of, drawn at "
                    "random. Other events are all told."});
  result.push_back({"rate", value_kind::event_rate,
                    "The most events a second; a second's worth may come at "
                    "once."});
  result.push_back({"payload", value_kind::flag,
                    "Whether the contents of messages are told."});
  result.push_back({"payload_limit", value_kind::payload_size,
                    "With payload: the most bytes of each message."});
  return result;
}

} // namespace

std::vector<route> tap_routes() {
  return {
      {"GET",
       "/v1/tap",
       "tap",
       "Look at what sockets do, while they do it",
       "Server-sent events: opened, message (in), sent (out), closed, "
       "reconnecting, reopened; dropped tells at most every second what was "
       "left out; end is the last. `data` is one line of JSON, a TapEvent. A "
       "comment comes when nothing else has come for 15 s.",
       {},
       tap_parameters(),
       body_kind::none,
       {{200, "What happens, until the client goes.", "TapStream"},
        {404, "No socket has that id (any more).", "Problem"},
        {429, "There are 16 taps already.", "Problem"}},
       false,
       tap},
  };
}

} // namespace switchboard::service::api
