#include "actors/socket.hpp"

#include <utility>

#include "actors/outbound_state.hpp"
#include "actors/outgoing_of.hpp"
#include "actors/shard.hpp"
#include "actors/socket_sending.hpp"
#include "net/utf8.hpp"

// What a socket is asked for by messages, and the answers to its own.

namespace switchboard::actors {

namespace {

/// Of a reason that goes into no frame.
constexpr std::size_t most_told = 256;

/// Close reasons quote what a flow raised; what does not fit is cut at a
/// character's end.
std::string cut_reason(std::string text, std::size_t most = max_close_reason) {
  if (text.size() <= most)
    return text;
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  text.resize(end);
  return text;
}

bool handler_died(const caf::error& reason) {
  return reason.category() == caf::atom("system")
         || reason.category() == caf::atom("exit");
}

} // namespace

void socket::receive(caf::mailbox_element& what) {
  auto& content = what.content();
  if (what.mid.is_response())
    receive_response(what);
  else if (content.match_elements<socket_send>())
    handle_send(what);
  else if (content.match_elements<send_by_strategy>())
    handle_send_by_strategy(what);
  else if (content.match_elements<outbound_given_up>())
    given_up(content.get_as<outbound_given_up>(0).why);
  else if (content.match_elements<socket_close>())
    handle_close(what);
  else if (content.match_elements<socket_subscribe>())
    handle_subscribe(what);
  else if (content.match_elements<socket_unsubscribe>())
    handle_unsubscribe(what);
  else if (content.match_elements<socket_renew_token>())
    handle_renew_token(what);
  else if (content.match_elements<lost_send>())
    tell_lost(content.get_as<lost_send>(0));
  else if (content.match_elements<socket_query>()) {
    reply answer{*this, what};
    if (gone_)
      answer.fail(no_such_socket());
    else
      answer.deliver(info());
  } else if (!handle_system(what)) {
    reply{*this, what}.fail(caf::make_error(caf::sec::unexpected_message));
  }
}

void socket::given_up(const caf::error& why) {
  end_reconnecting(cut_reason("given up: " + describe(why).message, most_told),
                   why, closed_by::given_up);
}

void socket::tell_lost(const lost_send& what) {
  pending_send{0, {}, what.handler, what.id}.tell_handler(what.problem);
}

void socket::refuse(caf::mailbox_element& what) {
  if (what.content().match_elements<lost_send>())
    return tell_lost(what.content().get_as<lost_send>(0));
  reply{*this, what}.fail(no_such_socket());
}

void socket::fail(const char* what) {
  cut(what, closed_by::handler);
}

void socket::on_exit_message(const caf::error&) {
  close(close_codes::endpoint_going_down, "the socket's actor was stopped", {},
        closed_by::shutdown);
}

void socket::receive_response(caf::mailbox_element& what) {
  auto failed = what.content().match_elements<caf::error>();
  auto reason = failed ? what.content().get_as<caf::error>(0) : caf::error{};
  if (what.mid.request_id().integer_value() == connection_event_id) {
    if (!gated_)
      return;
    if (failed) {
      gated_ = false;
      host_.event_failed(*this, reason);
      close(close_codes::policy_violation, cut_reason(describe(reason).message),
            {}, closed_by::handler);
      settle();
    } else {
      open_gate();
    }
    return;
  }
  if (owed_ == 0)
    return;
  if (failed) {
    host_.event_failed(*this, reason);
    if (handler_died(reason))
      close(close_codes::internal_error, "the handler has died", {},
            closed_by::handler);
  }
  done();
}

void socket::open_gate() {
  gated_ = false;
  if (gone_)
    settle();
  else
    connection_->resume();
}

void socket::handle_send(caf::mailbox_element& what) {
  auto& content = what.content().get_as<socket_send>(0).content;
  reply answer{*this, what};
  if (gone_)
    answer.fail(no_such_socket());
  else if (!is_well_formed(content))
    answer.fail(not_text());
  else if (journals())
    send_outbound(content, std::move(answer), outbound_->plan->reconnection);
  else
    send_with_answer(content, std::move(answer));
}

void socket::send_with_answer(const payload& content, reply&& answer) {
  auto message = outgoing_of(content);
  auto token = answer ? ++last_token_ : 0;
  switch (give(message, token)) {
    case net::connection::send_result::queued:
      if (answer)
        sends_.push({token, std::make_unique<reply>(std::move(answer)), nullptr,
                     0, home().loop().now()});
      break;
    case net::connection::send_result::queue_full:
      answer.fail(not_reachable("the send queue is full"));
      break;
    case net::connection::send_result::not_open:
      answer.fail(not_reachable("the socket is closing"));
      break;
  }
}

void socket::handle_close(caf::mailbox_element& what) {
  auto& request = what.content().get_as<socket_close>(0);
  auto answer = std::make_shared<reply>(*this, what);
  if (gone_) {
    answer->fail(no_such_socket());
    return;
  }
  if (!is_sendable(request.code) || request.reason.size() > max_close_reason
      || !net::is_utf8(std::as_bytes(std::span{request.reason}))) {
    answer->fail(
        make_error(errc::invalid_argument,
                   "socket " + std::string{handshake_->socket_id()}
                       + ": this close code or reason cannot be sent"));
    return;
  }
  // A second close waits for the first one's outcome.
  when_gone([this, answer, since = home().loop().now()] {
    home().counters().closings.add(home().loop().now() - since);
    if (*answer)
      answer->deliver();
  });
  close(request.code, request.reason, {});
}

void socket::handle_subscribe(caf::mailbox_element& what) {
  auto& request = what.content().get_as<socket_subscribe>(0);
  auto since = net::clock::now();
  reply answer{*this, what};
  if (gone_) {
    answer.fail(no_such_socket());
    return;
  }
  auto changed = false;
  auto problem = judge_groups(request.groups);
  if (problem.empty())
    problem = join(request.groups, changed);
  if (!problem.empty()) {
    answer.fail(make_error(errc::invalid_argument,
                           "socket " + std::string{handshake_->socket_id()}
                               + ": " + problem));
    return;
  }
  if (changed)
    groups_ = nullptr;
  home().counters().subscriptions.add(net::clock::now() - since);
  answer.deliver();
}

void socket::handle_renew_token(caf::mailbox_element& what) {
  reply answer{*this, what};
  // One that is being closed goes, whatever it is told.
  if (is_closing())
    return answer.fail(no_such_socket());
  auto& token = what.content().get_as<socket_renew_token>(0).token;
  if (auto problem = host_.renew_token(*this, token))
    answer.fail(std::move(problem));
  else
    answer.deliver();
}

/// Joins all groups or none.
/// @returns why it joined none; empty where it joined.
std::string socket::join(const std::vector<std::string>& groups,
                         bool& changed) {
  std::vector<const std::string*> joined;
  std::string problem;
  for (auto& group : groups) {
    auto result = host_.join_group(*this, group);
    if (result == join_result::no_room)
      problem = "there are as many groups as there may be";
    else if (result == join_result::joined)
      joined.push_back(&group);
    if (memberships.size() > max_groups()) {
      problem = "it would be in more than " + std::to_string(max_groups())
                + " groups";
      home().counters().reached(limit_kind::groups_per_socket);
    }
    if (!problem.empty())
      break;
  }
  if (!problem.empty())
    for (auto group : joined)
      host_.leave_group(*this, *group);
  else
    changed = !joined.empty();
  return problem;
}

void socket::handle_unsubscribe(caf::mailbox_element& what) {
  auto& request = what.content().get_as<socket_unsubscribe>(0);
  auto since = net::clock::now();
  reply answer{*this, what};
  if (gone_) {
    answer.fail(no_such_socket());
    return;
  }
  auto changed = false;
  for (auto& group : request.groups)
    changed |= host_.leave_group(*this, group);
  if (changed)
    groups_ = nullptr;
  home().counters().unsubscriptions.add(net::clock::now() - since);
  answer.deliver();
}

} // namespace switchboard::actors
