#include "service/client/session.hpp"

#include <algorithm>

#include "service/client/query.hpp"
#include "service/client/table.hpp"
#include "service/exit_code.hpp"
#include "service/log_line.hpp"

namespace switchboard::service::client {

namespace {

/// What the API gives in one page at most.
constexpr std::size_t page_size = 1000;

/// An opening may take two minutes there.
constexpr std::chrono::seconds opening_patience{130};

void add_filter(target_builder& to, const arguments& from) {
  to.with("config", from.config).with("path", from.path);
  to.with("type", from.type);
  for (auto& group : from.groups)
    to.with("group", group);
}

http_question with_content(std::string target, std::string content,
                           bool binary) {
  return {"POST", std::move(target),
          binary ? "application/octet-stream" : "text/plain; charset=utf-8",
          std::move(content)};
}

std::string text_of(const boost::json::object& from, std::string_view name) {
  auto value = from.if_contains(name);
  auto text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string{*text} : std::string{};
}

boost::json::array* list_in(boost::json::object& body, std::string_view name) {
  auto value = body.if_contains(name);
  return value != nullptr ? value->if_array() : nullptr;
}

void print_sockets(const boost::json::array& sockets, std::ostream& to) {
  table shown{{"ID", "TYPE", "CONFIG", "PATH", "STATE", "REMOTE", "GROUPS",
               "RECEIVED", "SENT", "QUEUED", "CONNECTED"}};
  for (auto& entry : sockets) {
    auto& socket = entry.as_object();
    shown.add({cell_of(socket, "socket_id"), cell_of(socket, "socket_type"),
               cell_of(socket, "config"), cell_of(socket, "path"),
               cell_of(socket, "state"), cell_of(socket, "remote_address"),
               cell_of(socket, "groups"), cell_of(socket, "messages_received"),
               cell_of(socket, "messages_sent"),
               cell_of(socket, "queued_bytes"),
               cell_of(socket, "connected_at")});
  }
  shown.print(to);
}

} // namespace

// -- asking
// ------------------------------------------------------------------------

bool session::prepare() {
  std::string problem;
  if (make_access(given_, how_, problem))
    return true;
  wrong_usage(problem);
  return false;
}

int session::wrong_usage(const std::string& problem) {
  failed(problem);
  return exit_usage;
}

int session::failed(const std::string& problem) {
  err_ << "switchboard: " << to_printable(problem) << '\n';
  return exit_failed;
}

std::optional<boost::json::object> session::ask(const http_question& what) {
  http_answer answer;
  std::string problem;
  if (!exchange(how_, what, answer, problem)) {
    failed(problem);
    return std::nullopt;
  }
  if (answer.status == 204)
    return boost::json::object{};
  if (answer.status < 200 || answer.status > 299) {
    refused(answer);
    return std::nullopt;
  }
  boost::system::error_code wrong;
  auto body = boost::json::parse(answer.body, wrong);
  if (!wrong && body.is_object())
    return std::move(body.as_object());
  failed(to_string(how_.where)
         + ": the answer is no JSON object; is it a management API?");
  return std::nullopt;
}

int session::refused(const http_answer& answer) {
  boost::system::error_code wrong;
  auto body = boost::json::parse(answer.body, wrong);
  auto problem = wrong ? nullptr : body.if_object();
  if (problem == nullptr || !problem->contains("title"))
    return failed(to_string(how_.where) + " answered "
                  + std::to_string(answer.status)
                  + "; is it a management API?");
  return failed(text_of(*problem, "type") + ": " + text_of(*problem, "title")
                + ": " + text_of(*problem, "detail"));
}

int session::done(const boost::json::object& body, std::string_view words) {
  if (given_.json)
    out_ << boost::json::serialize(body) << '\n';
  else
    out_ << words << '\n';
  return exit_done;
}

// -- single sockets
// ----------------------------------------------------------------

std::optional<boost::json::array>
session::fetch_sockets(std::size_t limit, boost::json::value& next) {
  boost::json::array all;
  std::string after;
  do {
    auto wanted = page_size;
    if (limit > 0)
      wanted = std::min(wanted, limit - all.size());
    target_builder target{"/v1/sockets"};
    add_filter(target, given_);
    target.with("limit", std::to_string(wanted)).with("after", after);
    auto page = ask({"GET", target.text(), {}, {}});
    if (!page)
      return std::nullopt;
    auto list = list_in(*page, "sockets");
    if (list == nullptr) {
      failed("the answer holds no sockets");
      return std::nullopt;
    }
    std::move(list->begin(), list->end(), std::back_inserter(all));
    after = text_of(*page, "next");
    next = nullptr;
    if (!after.empty())
      next = after;
  } while (!after.empty() && (limit == 0 || all.size() < limit));
  return all;
}

int session::list_sockets() {
  if (!prepare())
    return exit_usage;
  boost::json::value next;
  auto all = fetch_sockets(given_.limit, next);
  if (!all)
    return exit_failed;
  if (!given_.json) {
    print_sockets(*all, out_);
    return exit_done;
  }
  boost::json::object body;
  body["sockets"] = std::move(*all);
  body["next"] = std::move(next);
  return done(body, {});
}

int session::show_socket() {
  if (!prepare())
    return exit_usage;
  auto body =
      ask({"GET",
           target_builder{"/v1/sockets"}.segment(given_.socket_id).text(),
           {},
           {}});
  if (!body)
    return exit_failed;
  if (given_.json)
    return done(*body, {});
  table shown{{"NAME", "VALUE"}};
  for (auto& [name, value] : *body)
    shown.add({std::string{name}, cell_of(*body, name)});
  shown.print(out_);
  return exit_done;
}

int session::send() {
  std::string content;
  std::string problem;
  if (!read_content(given_.content, content, problem))
    return wrong_usage(problem);
  if (!prepare())
    return exit_usage;
  auto target = target_builder{"/v1/sockets"};
  target.segment(given_.socket_id).segment("messages");
  target.with("config", given_.config);
  auto body =
      ask(with_content(target.text(), std::move(content), given_.binary));
  return body ? done(*body, "sent") : static_cast<int>(exit_failed);
}

int session::close_socket() {
  if (!prepare())
    return exit_usage;
  auto target = target_builder{"/v1/sockets"};
  target.segment(given_.socket_id);
  target.with("config", given_.config).with("code", given_.code);
  target.with("reason", given_.reason);
  auto body = ask({"DELETE", target.text(), {}, {}});
  return body ? done(*body, "closed") : static_cast<int>(exit_failed);
}

int session::open() {
  std::string opening;
  std::string problem;
  if (!make_opening(given_, opening, problem))
    return wrong_usage(problem);
  if (!prepare())
    return exit_usage;
  auto body = ask({"POST", "/v1/sockets", "application/json",
                   std::move(opening), opening_patience});
  if (!body)
    return exit_failed;
  return done(*body, to_printable(text_of(*body, "socket_id")));
}

// -- many sockets
// ------------------------------------------------------------------

int session::broadcast() {
  std::string content;
  std::string problem;
  if (!read_content(given_.content, content, problem))
    return wrong_usage(problem);
  if (!prepare())
    return exit_usage;
  target_builder target{"/v1/broadcast"};
  add_filter(target, given_);
  auto body =
      ask(with_content(target.text(), std::move(content), given_.binary));
  if (!body)
    return exit_failed;
  auto failures = list_in(*body, "failures");
  auto failed = failures != nullptr ? failures->size() : 0;
  done(*body, "matched " + cell_of(*body, "matched") + ", failed "
                  + std::to_string(failed));
  if (given_.json || failed == 0)
    return exit_done;
  table shown{{"ID", "TYPE", "URI", "ERROR", "MESSAGE"}};
  for (auto& entry : *failures) {
    auto& failure = entry.as_object();
    shown.add({cell_of(failure, "socket_id"), cell_of(failure, "type"),
               cell_of(failure, "uri"), cell_of(failure, "error_type"),
               cell_of(failure, "error_message")});
  }
  shown.print(out_);
  return exit_done;
}

int session::close_many() {
  if (!prepare())
    return exit_usage;
  target_builder target{"/v1/close"};
  add_filter(target, given_);
  target.with("code", given_.code).with("reason", given_.reason);
  auto body = ask({"POST", target.text(), {}, {}});
  return body ? done(*body, "closed " + cell_of(*body, "closed"))
              : static_cast<int>(exit_failed);
}

// -- groups
// ------------------------------------------------------------------------

int session::list_groups() {
  if (!prepare())
    return exit_usage;
  auto body =
      ask({"GET",
           target_builder{"/v1/groups"}.with("config", given_.config).text(),
           {},
           {}});
  if (!body)
    return exit_failed;
  if (given_.json)
    return done(*body, {});
  table shown{{"CONFIG", "GROUP", "SOCKETS"}};
  if (auto groups = list_in(*body, "groups"))
    for (auto& entry : *groups) {
      auto& group = entry.as_object();
      shown.add({cell_of(group, "config"), cell_of(group, "name"),
                 cell_of(group, "sockets")});
    }
  shown.print(out_);
  return exit_done;
}

int session::change_groups(std::string_view method) {
  if (!prepare())
    return exit_usage;
  for (auto& group : given_.groups) {
    auto target = target_builder{"/v1/sockets"};
    target.segment(given_.socket_id).segment("groups").segment(group);
    target.with("config", given_.config);
    if (!ask({method, target.text(), {}, {}}))
      return exit_failed;
  }
  return exit_done;
}

int session::subscribe() {
  auto code = change_groups("PUT");
  return code == exit_done ? done({}, "subscribed") : code;
}

int session::unsubscribe() {
  auto code = change_groups("DELETE");
  return code == exit_done ? done({}, "unsubscribed") : code;
}

} // namespace switchboard::service::client
