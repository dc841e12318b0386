#include "service/api/ask.hpp"
#include "service/api/json.hpp"
#include "service/api/open_request.hpp"
#include "service/api/problem.hpp"
#include "service/api/routes.hpp"
#include "service/text.hpp"

namespace switchboard::service::api {

namespace {

constexpr parameter socket_id{"socket_id", value_kind::name,
                              "The socket's id, percent-encoded."};
constexpr parameter group{"group", value_kind::name,
                          "The group's name, percent-encoded."};
constexpr parameter config{"config", value_kind::name,
                           "The configuration that the socket must be of. "
                           "Left out: any."};
constexpr answer_description no_such_socket{
    404, "No socket has that id (any more).", "Problem"};
constexpr answer_description unreachable{
    502, "The peer was lost or its queue is full.", "Problem"};

std::string config_of(const request& from) {
  auto value = from.parameter("config");
  return value != nullptr ? *value : std::string{};
}

answer nothing() {
  return {204, {}, {}, {}};
}

outcome list(const request& from, const backend&) {
  list_sockets_request what;
  what.which = filter_of(from);
  read_number(from.parameter("limit"), what.limit);
  if (auto after = from.parameter("after"))
    what.after = *after;
  return ask<socket_list>(std::move(what), [](const socket_list& found) {
    boost::json::array sockets;
    for (auto& socket : found.sockets)
      sockets.push_back(to_json(socket));
    boost::json::object body;
    body["sockets"] = std::move(sockets);
    if (found.next.empty())
      body["next"] = nullptr;
    else
      body["next"] = found.next;
    return json_answer(200, body);
  });
}

outcome open(const request& from, const backend&) {
  auto [what, wrong, code] = read_open_request(from.body);
  if (!wrong.empty())
    return problem(code, wrong);
  auto render = [](const std::string& id) {
    boost::json::object body;
    body["socket_id"] = id;
    auto result = json_answer(201, body);
    result.headers.emplace_back("Location",
                                "/v1/sockets/" + percent_encoded(id));
    return result;
  };
  return ask<std::string>(std::move(what), render, opening_timeout);
}

outcome show(const request& from, const backend&) {
  auto what = get_socket_request{from.path_param("socket_id")};
  return ask<socket_info>(what, [](const socket_info& found) {
    return json_answer(200, to_json(found));
  });
}

outcome close(const request& from, const backend&) {
  auto reason = from.parameter("reason");
  auto what = close_request{config_of(from), from.path_param("socket_id"),
                            close_code_of(from),
                            reason != nullptr ? *reason : std::string{}};
  return ask<void>(what, nothing);
}

outcome send(const request& from, const backend&) {
  std::optional<answer> refusal;
  auto content = content_of(from, refusal);
  if (refusal)
    return *refusal;
  auto what = send_request{config_of(from), from.path_param("socket_id"),
                           std::move(content)};
  return ask<void>(what, nothing);
}

outcome join(const request& from, const backend&) {
  auto what = subscribe_groups_request{config_of(from),
                                       from.path_param("socket_id"),
                                       {from.path_param("group")}};
  return ask<void>(what, nothing);
}

outcome leave(const request& from, const backend&) {
  auto what = unsubscribe_groups_request{config_of(from),
                                         from.path_param("socket_id"),
                                         {from.path_param("group")}};
  return ask<void>(what, nothing);
}

outcome renew(const request& from, const backend&) {
  auto token = from.body;
  // As shells put it there.
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r'))
    token.pop_back();
  auto what = renew_token_request{config_of(from), from.path_param("socket_id"),
                                  std::move(token)};
  return ask<void>(what, nothing);
}

std::vector<parameter> list_parameters() {
  auto result = filter_parameters();
  result.push_back({"limit", value_kind::limit,
                    "The most sockets in the answer. Left out: 100."});
  result.push_back({"after", value_kind::text,
                    "Only ids greater than this, in byte order: the `next` of "
                    "the answer before."});
  return result;
}

std::vector<parameter> close_parameters() {
  auto result = closing_parameters();
  result.push_back(config);
  return result;
}

} // namespace

std::vector<route> socket_routes() {
  return {
      {"GET",
       "/v1/sockets",
       "listSockets",
       "List sockets",
       "In the order of their ids, a page at a time.",
       {},
       list_parameters(),
       body_kind::none,
       {{200, "The sockets that match, and where to go on.", "SocketList"}},
       false,
       list},
      {"POST",
       "/v1/sockets",
       "openSocket",
       "Open an outbound socket",
       "Answered once it is open, or by its strategy has failed.",
       {},
       {},
       body_kind::opening,
       {{201, "The socket is open; Location leads to it.", "OpenedSocket"},
        {400, "The body is wrong, or the id is none.", "Problem"},
        {409, "The id is in use.", "Problem"},
        {502, "The peer cannot be reached or refused; `type` says how.",
         "Problem"},
        {504, "The strategy is spent, or no answer came in time.", "Problem"}},
       false,
       open},
      {"GET",
       "/v1/sockets/{socket_id}",
       "getSocket",
       "Show a socket",
       "Its attributes and counters now.",
       {socket_id},
       {},
       body_kind::none,
       {{200, "The socket.", "Socket"}, no_such_socket},
       false,
       show},
      {"DELETE",
       "/v1/sockets/{socket_id}",
       "closeSocket",
       "Close a socket",
       "Answered after the closing handshake or its deadline.",
       {socket_id},
       close_parameters(),
       body_kind::none,
       {{204, "The socket is closed.", {}}, no_such_socket, unreachable},
       false,
       close},
      {"POST",
       "/v1/sockets/{socket_id}/messages",
       "sendMessage",
       "Send a message to a socket",
       "Answered once the message was handed to the operating system.",
       {socket_id},
       {config},
       body_kind::content,
       {{204, "The message is sent.", {}}, no_such_socket, unreachable},
       false,
       send},
      {"PUT",
       "/v1/sockets/{socket_id}/token",
       "renewToken",
       "Renew a socket's token",
       "The socket is closed when this token expires, and not when the one it "
       "was let in with does. The token must be of the same subject; groups "
       "and attributes stay.",
       {socket_id},
       {config},
       body_kind::token,
       {{204, "The token is taken.", {}},
        {400, "The token does not do, or the socket came without one.",
         "Problem"},
        no_such_socket},
       false,
       renew},
      {"PUT",
       "/v1/sockets/{socket_id}/groups/{group}",
       "joinGroup",
       "Put a socket into a group",
       "Changes nothing where it is in it.",
       {socket_id, group},
       {config},
       body_kind::none,
       {{204, "The socket is in the group.", {}}, no_such_socket, unreachable},
       false,
       join},
      {"DELETE",
       "/v1/sockets/{socket_id}/groups/{group}",
       "leaveGroup",
       "Take a socket out of a group",
       "Changes nothing where it is not in it.",
       {socket_id, group},
       {config},
       body_kind::none,
       {{204, "The socket is not in the group.", {}},
        no_such_socket,
        unreachable},
       false,
       leave},
  };
}

} // namespace switchboard::service::api
