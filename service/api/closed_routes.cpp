#include "service/api/ask.hpp"
#include "service/api/json.hpp"
#include "service/api/routes.hpp"

namespace switchboard::service::api {

namespace {

outcome list(const request& from, const backend&) {
  list_closed_request what;
  what.which = filter_of(from);
  read_number(from.parameter("limit"), what.limit);
  read_number(from.parameter("after"), what.before);
  return ask<closed_list>(std::move(what), [](const closed_list& found) {
    boost::json::array sockets;
    for (auto& socket : found.sockets)
      sockets.push_back(to_json(socket));
    boost::json::object body;
    body["sockets"] = std::move(sockets);
    if (found.next == 0)
      body["next"] = nullptr;
    else
      body["next"] = std::to_string(found.next);
    return json_answer(200, body);
  });
}

outcome show(const request& from, const backend&) {
  auto what = get_closed_request{from.path_param("socket_id")};
  return ask<post_mortem>(what, [](const post_mortem& found) {
    return json_answer(200, to_json(found));
  });
}

std::vector<parameter> list_parameters() {
  auto result = filter_parameters();
  result.push_back({"limit", value_kind::limit,
                    "The most sockets in the answer. Left out: 100."});
  result.push_back({"after", value_kind::serial,
                    "Only those that ended earlier: the `next` of the answer "
                    "before."});
  return result;
}

} // namespace

std::vector<route> closed_routes() {
  return {
      {"GET",
       "/v1/closed",
       "listClosed",
       "List sockets that are gone",
       "The last 1,000, newest first, a page at a time.",
       {},
       list_parameters(),
       body_kind::none,
       {{200, "The sockets that match, and where to go on.", "ClosedList"}},
       false,
       list},
      {"GET",
       "/v1/closed/{socket_id}",
       "getClosed",
       "Show a socket that is gone",
       "The last one with this id, where it is among the last 1,000.",
       {{"socket_id", value_kind::name, "The socket's id, percent-encoded."}},
       {},
       body_kind::none,
       {{200, "Its post-mortem.", "ClosedSocket"},
        {404, "None of them has that id.", "Problem"}},
       false,
       show},
  };
}

} // namespace switchboard::service::api
