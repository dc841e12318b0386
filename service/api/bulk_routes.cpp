#include "service/api/ask.hpp"
#include "service/api/json.hpp"
#include "service/api/routes.hpp"

namespace switchboard::service::api {

namespace {

outcome broadcast(const request& from, const backend&) {
  std::optional<answer> refusal;
  auto content = content_of(from, refusal);
  if (refusal)
    return *refusal;
  auto what = broadcast_request{filter_of(from), std::move(content)};
  return ask<broadcast_result>(what, [](const broadcast_result& result) {
    boost::json::array failures;
    for (auto& failure : result.failures)
      failures.push_back(to_json(failure));
    boost::json::object body;
    body["matched"] = result.matched;
    body["failures"] = std::move(failures);
    return json_answer(200, body);
  });
}

outcome close(const request& from, const backend&) {
  auto reason = from.parameter("reason");
  auto what = bulk_close_request{filter_of(from), close_code_of(from),
                                 reason != nullptr ? *reason : std::string{}};
  return ask<bulk_close_result>(what, [](const bulk_close_result& result) {
    boost::json::object body;
    body["closed"] = result.closed;
    return json_answer(200, body);
  });
}

outcome groups(const request& from, const backend&) {
  auto config = from.parameter("config");
  auto what = list_groups_request{config != nullptr ? *config : std::string{}};
  return ask<group_list>(what, [](const group_list& found) {
    boost::json::array groups;
    for (auto& group : found.groups)
      groups.push_back(to_json(group));
    boost::json::object body;
    body["groups"] = std::move(groups);
    return json_answer(200, body);
  });
}

std::vector<parameter> close_parameters() {
  auto result = filter_parameters();
  for (auto& more : closing_parameters())
    result.push_back(more);
  return result;
}

} // namespace

std::vector<route> bulk_routes() {
  return {
      {"POST",
       "/v1/broadcast",
       "broadcast",
       "Send a message to many sockets",
       "Every socket that matches is tried; one that cannot be reached is in "
       "the answer.",
       {},
       filter_parameters(),
       body_kind::content,
       {{200, "How many matched, and which of them failed.",
         "BroadcastResult"}},
       false,
       broadcast},
      {"POST",
       "/v1/close",
       "closeSockets",
       "Close many sockets",
       "Answered after the last closing handshake or its deadline. Without "
       "parameters every socket is closed.",
       {},
       close_parameters(),
       body_kind::none,
       {{200, "How many were closed.", "CloseResult"}},
       false,
       close},
      {"GET",
       "/v1/groups",
       "listGroups",
       "List groups",
       "Groups that have sockets, by configuration and name.",
       {},
       {{"config", value_kind::name,
         "Only groups of this configuration. Left out: of all."}},
       body_kind::none,
       {{200, "The groups.", "GroupList"}},
       false,
       groups},
  };
}

} // namespace switchboard::service::api
