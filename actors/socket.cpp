#include "actors/socket.hpp"

#include <algorithm>
#include <utility>

#include "actors/shard.hpp"
#include "net/utf8.hpp"

namespace switchboard::actors {

namespace {

/// The request id of the connection event; message events count up from it.
constexpr std::uint64_t connection_event_id = 1;

/// The most bytes of a close frame's reason.
constexpr std::size_t max_reason = 123;

/// Close reasons quote what a flow raised; what does not fit is cut at a
/// character's end.
std::string cut_reason(std::string text) {
  if (text.size() <= max_reason)
    return text;
  auto end = max_reason;
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

std::string judge_groups(const std::vector<std::string>& groups) {
  if (groups.size() > max_groups_per_socket)
    return "more than 1000 groups";
  for (auto& group : groups) {
    if (group.empty())
      return "a group's name is empty";
    if (group.size() > max_group_name)
      return "a group's name is longer than 256 bytes";
    if (!net::is_utf8(std::as_bytes(std::span{group})))
      return "a group's name is not UTF-8";
  }
  return {};
}

socket::socket(caf::actor_config& config, shard& home, socket_host& host,
               std::shared_ptr<const handshake_attributes> handshake,
               socket_route route, net::connection_lease lease)
    : bound_actor(config, home),
      host_(host),
      handshake_(std::move(handshake)),
      route_(std::move(route)),
      lease_(std::move(lease)) {}

socket::~socket() = default;

const char* socket::name() const {
  return "switchboard.socket";
}

void socket::start(std::unique_ptr<net::connection> stream,
                   std::span<const std::byte> received) {
  connection_ = std::move(stream);
  auto target = target_of(route_.connections);
  gated_ = target != nullptr;
  connection_->start(*this, received, gated_);
  if (gone_) {
    forget_handlers();
    return;
  }
  if (gated_)
    send_event(*target, connection_event_id,
               caf::make_message(connection_event{caf::strong_actor_ptr{ctrl()},
                                                  attributes()}));
}

// -- from the connection
// ---------------------------------------------------------

bool socket::on_message(net::opcode op, std::span<const std::byte> content) {
  auto target = target_of(route_.messages);
  if (target == nullptr)
    return true;
  std::string bytes{reinterpret_cast<const char*>(content.data()),
                    content.size()};
  ++owed_;
  send_event(*target, ++last_event_,
             caf::make_message(message_event{
                 caf::strong_actor_ptr{ctrl()}, attributes(),
                 payload{std::move(bytes), op == net::opcode::binary}}));
  return owed_ < route_.messages->credit;
}

void socket::on_written(net::send_token token) {
  if (auto answer = take_pending(token))
    answer.deliver();
}

void socket::on_dropped(net::send_token token, std::string_view why) {
  if (auto answer = take_pending(token))
    answer.fail(not_reachable(why));
}

void socket::on_end(net::connection_end&& end) {
  counters_ = counters();
  counters_.queued_bytes = 0;
  outcome_ = {end.code, std::move(end.reason), end.clean};
  gone_ = true;
  home().loop().dispose(std::move(connection_));
  lease_ = {};
  refresh_groups();
  host_.socket_lost(*this);
  for (auto& callback : std::exchange(on_gone_, {}))
    callback();
  settle();
}

// -- messages
// ---------------------------------------------------------------------

void socket::receive(caf::mailbox_element& what) {
  auto& content = what.content();
  if (what.mid.is_response())
    receive_response(what);
  else if (content.match_elements<socket_send>())
    handle_send(what);
  else if (content.match_elements<socket_close>())
    handle_close(what);
  else if (content.match_elements<socket_subscribe>())
    handle_subscribe(what);
  else if (content.match_elements<socket_unsubscribe>())
    handle_unsubscribe(what);
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

void socket::refuse(caf::mailbox_element& what) {
  reply{*this, what}.fail(no_such_socket());
}

void socket::fail(const char* what) {
  cut(what);
}

void socket::on_exit_message(const caf::error&) {
  close(close_codes::endpoint_going_down, "the socket's actor was stopped", {});
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
            {});
      settle();
    } else {
      open_gate();
    }
    return;
  }
  if (owed_ == 0)
    return;
  --owed_;
  if (failed) {
    host_.event_failed(*this, reason);
    if (handler_died(reason))
      close(close_codes::internal_error, "the handler has died", {});
  }
  if (gone_)
    settle();
  else if (owed_ < route_.messages->credit)
    connection_->resume();
}

void socket::open_gate() {
  gated_ = false;
  if (gone_)
    settle();
  else
    connection_->resume();
}

void socket::handle_send(caf::mailbox_element& what) {
  auto& request = what.content().get_as<socket_send>(0);
  reply answer{*this, what};
  if (gone_) {
    answer.fail(no_such_socket());
    return;
  }
  auto& content = request.content;
  if (!content.binary() && !net::is_utf8(content.bytes())) {
    answer.fail(make_error(errc::invalid_argument,
                           "socket " + std::string{handshake_->socket_id()}
                               + ": text content is not UTF-8"));
    return;
  }
  net::outgoing_message message{content.binary() ? net::opcode::binary
                                                 : net::opcode::text,
                                content.storage()};
  auto token = answer ? ++last_token_ : 0;
  switch (connection_->send(message, token)) {
    case net::connection::send_result::queued:
      if (answer)
        sends_.push_back({token, std::move(answer)});
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
  if (!is_sendable(request.code) || request.reason.size() > max_reason
      || !net::is_utf8(std::as_bytes(std::span{request.reason}))) {
    answer->fail(
        make_error(errc::invalid_argument,
                   "socket " + std::string{handshake_->socket_id()}
                       + ": this close code or reason cannot be sent"));
    return;
  }
  // A second close waits for the first one's outcome.
  on_gone_.push_back([answer] {
    if (*answer)
      answer->deliver();
  });
  close(request.code, request.reason, {});
}

void socket::handle_subscribe(caf::mailbox_element& what) {
  auto& request = what.content().get_as<socket_subscribe>(0);
  reply answer{*this, what};
  if (gone_) {
    answer.fail(no_such_socket());
    return;
  }
  auto problem = judge_groups(request.groups);
  if (problem.empty()
      && memberships.size() + request.groups.size() > max_groups_per_socket)
    problem = "the socket would be in more than 1000 groups";
  if (!problem.empty()) {
    answer.fail(make_error(errc::invalid_argument,
                           "socket " + std::string{handshake_->socket_id()}
                               + ": " + problem));
    return;
  }
  auto changed = false;
  for (auto& group : request.groups)
    changed |= host_.join_group(*this, group);
  if (changed)
    groups_ = nullptr;
  answer.deliver();
}

void socket::handle_unsubscribe(caf::mailbox_element& what) {
  auto& request = what.content().get_as<socket_unsubscribe>(0);
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
  answer.deliver();
}

// -- from the shard
// ----------------------------------------------------------------

std::string_view socket::broadcast(net::outgoing_message& message) {
  if (gone_)
    return "the connection was lost";
  switch (connection_->send(message)) {
    case net::connection::send_result::queue_full:
      return "the send queue is full";
    case net::connection::send_result::not_open:
      return "the socket is closing";
    default:
      return {};
  }
}

bool socket::close(close_code code, const std::string& reason,
                   std::function<void()> on_gone) {
  if (gone_ || !connection_->open())
    return false;
  if (on_gone)
    on_gone_.push_back(std::move(on_gone));
  connection_->close(code, reason);
  return true;
}

void socket::cut(const std::string& reason) {
  if (!gone_)
    connection_->abort(reason);
}

void socket::forget_handlers() {
  owed_ = 0;
  gated_ = false;
  if (gone_)
    settle();
}

void socket::target_died(const caf::actor_addr& target) {
  auto feeds = [&](const subscription_ptr& what) {
    auto ptr = target_of(what);
    return ptr != nullptr && caf::actor_cast<caf::actor_addr>(*ptr) == target;
  };
  auto messages = feeds(route_.messages);
  auto connections = gated_ && feeds(route_.connections);
  if (messages)
    owed_ = 0;
  if (connections)
    gated_ = false;
  if (gone_)
    settle();
  else if (messages || connections)
    close(close_codes::internal_error, "the handler has died", {});
}

// -- state
// ---------------------------------------------------------------------------

void socket::settle() {
  // The closed event comes behind everything that handlers still work on.
  if (!gone_ || settled_ || gated_ || owed_ > 0)
    return;
  settled_ = true;
  // The books let go of us before we are done.
  caf::strong_actor_ptr keep{ctrl()};
  if (auto target = target_of(route_.closings))
    (*target)->enqueue(
        caf::strong_actor_ptr{ctrl()}, caf::message_id{},
        caf::make_message(closed_event{attributes(), outcome_, counters_}),
        nullptr);
  host_.socket_ended(*this);
  quit(caf::exit_reason::normal);
}

socket_attributes socket::attributes() {
  if (!groups_)
    refresh_groups();
  return {handshake_, groups_};
}

void socket::refresh_groups() {
  string_list names;
  names.reserve(memberships.size());
  for (auto& entry : memberships)
    names.push_back(entry.group->name);
  std::sort(names.begin(), names.end());
  groups_ = std::make_shared<const string_list>(std::move(names));
}

socket_info socket::info() {
  socket_info result;
  result.attributes = attributes();
  result.state = !gone_ && connection_->open() ? socket_state::open
                                               : socket_state::closing;
  result.counters = counters();
  return result;
}

socket_counters socket::counters() const {
  if (!connection_)
    return counters_;
  auto& stats = connection_->stats();
  return {stats.messages_received, stats.messages_sent, stats.bytes_received,
          stats.bytes_sent, connection_->queued_bytes()};
}

reply socket::take_pending(net::send_token token) {
  auto i = std::find_if(sends_.begin(), sends_.end(),
                        [token](auto& entry) { return entry.token == token; });
  if (i == sends_.end())
    return {};
  auto result = std::move(i->answer);
  sends_.erase(i);
  return result;
}

caf::error socket::not_reachable(std::string_view why) const {
  return make_error(errc::connectivity,
                    "socket " + std::string{handshake_->socket_id()} + " at "
                        + std::string{handshake_->remote_address()} + ": "
                        + std::string{why});
}

caf::error socket::no_such_socket() const {
  return make_error(errc::no_such_socket,
                    "no socket has the id "
                        + std::string{handshake_->socket_id()});
}

const caf::strong_actor_ptr*
socket::target_of(const subscription_ptr& what) const {
  return what ? &what->target(home().index()) : nullptr;
}

void socket::send_event(const caf::strong_actor_ptr& target, std::uint64_t id,
                        caf::message content) {
  target->enqueue(caf::strong_actor_ptr{ctrl()}, caf::make_message_id(id),
                  std::move(content), nullptr);
}

} // namespace switchboard::actors
