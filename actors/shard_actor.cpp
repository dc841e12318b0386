#include "actors/shard_actor.hpp"

#include <algorithm>
#include <utility>

#include "actors/group_module.hpp"
#include "actors/handshake_trace.hpp"
#include "actors/large_walk.hpp"
#include "actors/outgoing_of.hpp"

namespace switchboard::actors {

shard_actor::shard_actor(caf::actor_config& config, shard& home,
                         group_index& groups,
                         std::shared_ptr<socket_index> sockets,
                         std::shared_ptr<closed_sockets> closed,
                         report_function report)
    : bound_actor(config, home),
      sockets_(std::move(sockets)),
      closed_(std::move(closed)),
      report_(report),
      directory_(groups, home.index()),
      gateway_(home, *this, *this, std::move(report)),
      expiries_(home.loop(), token_expired),
      taps_(home, *this) {
  home.set_turn_listener(this);
}

shard_actor::~shard_actor() = default;

const char* shard_actor::name() const {
  return "switchboard.shard";
}

void shard_actor::receive(caf::mailbox_element& what) {
  auto& content = what.content();
  if (content.match_elements<walk_broadcast>()) {
    broadcast(what);
  } else if (content.match_elements<walk_close>()) {
    close(what);
  } else if (content.match_elements<actors::close_some>()) {
    close_some(what);
  } else if (content.match_elements<walk_list>()) {
    list(what);
  } else if (content.match_elements<walk_groups>()) {
    auto& config = content.get_as<walk_groups>(0).config;
    reply{*this, what}.deliver(group_list{directory_.groups(config)});
  } else if (content.match_elements<group_delivery>()) {
    deliver_to_group(what);
  } else if (content.match_elements<install_routes>()) {
    gateway_.install(content.get_as<install_routes>(0).routes);
    reply{*this, what}.deliver();
  } else if (content.match_elements<open_listener>()) {
    auto& request = content.get_as<open_listener>(0);
    gateway_.open_listener(std::move(request.bound->sockets[home().index()]),
                           request.state);
    reply{*this, what}.deliver();
  } else if (content.match_elements<shed_memory>()) {
    shed(content.get_as<shed_memory>(0).bytes);
  } else if (content.match_elements<change_listener>()) {
    gateway_.change_listener(content.get_as<change_listener>(0));
    reply{*this, what}.deliver();
  } else if (content.match_elements<retire_listener>()) {
    gateway_.retire_listener(content.get_as<retire_listener>(0));
    reply{*this, what}.deliver();
  } else if (content.match_elements<close_listeners>()) {
    gateway_.close();
    reply{*this, what}.deliver();
  } else if (what.mid.is_response() || content.match_elements<install_tap>()
             || content.match_elements<remove_tap>()
             || content.match_elements<actors::end_taps>()) {
    receive_tap(what);
  } else if (content.match_elements<open_outbound>()) {
    gateway_.open_outbound(content.get_as<open_outbound>(0),
                           reply{*this, what});
  } else if (content.match_elements<test_outbound>()) {
    gateway_.test_outbound(content.get_as<test_outbound>(0),
                           reply{*this, what});
  } else if (content.match_elements<target_died>()) {
    auto& target = content.get_as<target_died>(0).target;
    auto sockets = directory_.all();
    for (auto& [ptr, handle] : leaving_)
      sockets.push_back(handle);
    for (auto& handle : sockets)
      static_cast<socket*>(handle->get())->target_died(target);
  } else if (content.match_elements<await_no_sockets>()) {
    awaiting_.emplace_back(*this, what);
    check_empty();
  } else if (content.match_elements<actors::cut_everything>()) {
    reply answer{*this, what};
    cut_everything();
    answer.deliver();
  } else if (!handle_system(what)) {
    reply{*this, what}.fail(caf::make_error(caf::sec::unexpected_message));
  }
}

// -- operations
// ----------------------------------------------------------------------

broadcast_result shard_actor::walk(const compiled_filter& filter,
                                   net::outgoing_message& message) {
  broadcast_result result;
  directory_.visit(filter, [&](socket& who) {
    ++result.matched;
    auto problem = who.broadcast(message);
    if (!problem.empty())
      add_failure(result, who, problem);
  });
  return result;
}

void shard_actor::broadcast(caf::mailbox_element& what) {
  auto& request = what.content().get_as<walk_broadcast>(0);
  auto message = request.message;
  auto filter = request.filter;
  if (message.large()) {
    auto walk = std::make_shared<large_walk>(reply{*this, what});
    directory_.visit(*filter, [&](socket& who) {
      auto problem = who.broadcast(message, walk);
      walk->add(who, problem, who.watchable());
    });
    return walk->complete();
  }
  auto result = walk(*filter, message);
  pending_.push_back(
      {std::move(filter), std::move(result), reply{*this, what}});
}

void shard_actor::receive_tap(caf::mailbox_element& what) {
  auto& content = what.content();
  if (what.mid.is_response()) {
    // Nobody else is asked for anything.
    taps_.answered(what);
  } else if (content.match_elements<install_tap>()) {
    auto& order = content.get_as<install_tap>(0).order;
    reply answer{*this, what};
    if (!order->socket_id.empty() && !sockets_->find(order->socket_id))
      return answer.fail(make_error(
          errc::no_such_socket,
          "no socket has the id `" + order->socket_id.substr(0, 128) + "`"));
    taps_.add(order);
    answer.deliver();
  } else if (content.match_elements<remove_tap>()) {
    taps_.remove(content.get_as<remove_tap>(0).id);
  } else {
    taps_.end_all();
    reply{*this, what}.deliver();
  }
}

void shard_actor::on_flushed() {
  if (home().taps() != nullptr)
    taps_.flush();
  for (auto& walk : std::exchange(pending_, {}))
    walk.answer.deliver(std::move(walk.result));
}

void shard_actor::close(caf::mailbox_element& what) {
  struct progress {
    reply answer;
    std::uint64_t closed = 0;
    std::uint64_t open = 0;
    bool complete = false;

    void check() {
      if (complete && open == 0)
        answer.deliver(bulk_close_result{closed});
    }
  };
  auto& request = what.content().get_as<walk_close>(0);
  auto state = std::make_shared<progress>();
  directory_.visit(*request.filter, [&](socket& who) {
    auto on_gone = [state] {
      --state->open;
      state->check();
    };
    auto begun =
        who.close(request.code, request.reason, on_gone, closed_by::bulk_close);
    if (begun) {
      ++state->closed;
      ++state->open;
    }
  });
  state->answer = reply{*this, what};
  state->complete = true;
  state->check();
}

void shard_actor::close_some(caf::mailbox_element& what) {
  auto& request = what.content().get_as<actors::close_some>(0);
  std::size_t told = 0;
  std::uint64_t left = 0;
  // Copies: a socket without a connection leaves the books at once.
  for (auto& handle : directory_.all()) {
    auto& who = *static_cast<socket*>(handle->get());
    if (who.identity().type() != request.type)
      continue;
    if (told == request.limit)
      left += who.is_closing() ? 0 : 1;
    else if (who.close(request.code, request.reason, {}, closed_by::shutdown))
      ++told;
  }
  reply{*this, what}.deliver(left);
}

void shard_actor::list(caf::mailbox_element& what) {
  auto& request = what.content().get_as<walk_list>(0);
  std::vector<socket*> found;
  directory_.visit(*request.filter, [&](socket& who) {
    if (who.handshake().socket_id() > request.after)
      found.push_back(&who);
  });
  auto by_id = [](socket* x, socket* y) {
    return x->handshake().socket_id() < y->handshake().socket_id();
  };
  auto count = std::min(request.limit, found.size());
  std::partial_sort(found.begin(),
                    found.begin() + static_cast<std::ptrdiff_t>(count),
                    found.end(), by_id);
  socket_list result;
  result.sockets.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    result.sockets.push_back(found[i]->info());
  reply{*this, what}.deliver(std::move(result));
}

void shard_actor::deliver_to_group(caf::mailbox_element& what) {
  auto& delivery = what.content().get_as<group_delivery>(0);
  auto slash = delivery.key.find('/');
  compiled_filter filter;
  filter.config = percent_decode(delivery.key.substr(0, slash));
  filter.groups = {delivery.key.substr(slash + 1)};
  auto& content = delivery.content;
  if (content.match_elements<payload>()) {
    auto& bytes = content.get_as<payload>(0);
    auto message = outgoing_of(bytes);
    walk(filter, message);
  } else if (content.match_elements<socket_close>()) {
    auto& request = content.get_as<socket_close>(0);
    if (is_sendable(request.code))
      directory_.visit(filter, [&](socket& who) {
        who.close(request.code, request.reason, {}, closed_by::bulk_close);
      });
  }
}

void shard_actor::cut_everything() {
  // Copies: what is cut leaves the books.
  auto sockets = directory_.all();
  for (auto& handle : sockets)
    static_cast<socket*>(handle->get())
        ->cut("the switchboard stops", closed_by::shutdown);
  auto rest = std::exchange(leaving_, {});
  for (auto& [ptr, handle] : rest)
    ptr->forget_handlers();
}

void shard_actor::add_failure(broadcast_result& result, const socket& who,
                              std::string_view why) {
  auto& attributes = who.handshake();
  std::string id{attributes.socket_id()};
  auto text = "socket " + id + " at " + std::string{attributes.remote_address()}
              + ": " + std::string{why};
  result.failures.push_back({std::move(id), attributes.type(),
                             std::string{attributes.request_uri()},
                             std::string{name_of(errc::connectivity)}, text,
                             make_error(errc::connectivity, text)});
}

// -- the books
// ---------------------------------------------------------------------

void shard_actor::adopt(const caf::strong_actor_ptr& handle,
                        const std::vector<std::string>& groups) {
  auto& who = *static_cast<socket*>(handle->get());
  directory_.add(handle);
  join_default_groups(who, groups);
  who.config().opened.fetch_add(1, std::memory_order_relaxed);
  home().counters().opened.add();
  who.count_as(socket_state::open);
  sockets_->add(handle);
}

bool shard_actor::leave_group(socket& who, const std::string& group) {
  return directory_.leave(who, group);
}

void shard_actor::connection_lost(socket& who, const std::string& why) {
  who.config().lost.fetch_add(1, std::memory_order_relaxed);
  if (report_.wants(report_part::outbound, report::severity::warning))
    report_({report::severity::warning,
             "socket lost",
             {{"socket", std::string{who.identity().socket_id()}},
              {"config", std::string{who.identity().config()}},
              {"remote", std::string{who.handshake().remote_address()}},
              {"reason", why}},
             report_part::outbound});
  caf::anon_send(caf::actor_cast<caf::actor>(who.plan()->keeper),
                 outbound_lost{caf::strong_actor_ptr{who.ctrl()},
                               who.plan()->socket_id, why});
}

void shard_actor::socket_lost(socket& who) {
  if (who.plan() != nullptr)
    gateway_.forget(caf::strong_actor_ptr{who.ctrl()});
  // A frame of this turn's broadcasts that was still queued is lost as well.
  auto id = who.handshake().socket_id();
  for (auto& walk : pending_) {
    auto& failures = walk.result.failures;
    auto known = std::any_of(failures.begin(), failures.end(),
                             [&](auto& x) { return x.socket_id == id; });
    auto& groups = walk.filter->groups;
    auto in_groups =
        groups.empty()
        || std::any_of(
            who.memberships.begin(), who.memberships.end(), [&](auto& entry) {
              return std::find(groups.begin(), groups.end(), entry.group->name)
                     != groups.end();
            });
    if (!known && in_groups && walk.filter->matches_attributes(who))
      add_failure(walk.result, who, "the connection was lost");
  }
  expiries_.forget(who);
  leaving_.emplace(&who, caf::strong_actor_ptr{who.ctrl()});
  directory_.remove(who);
  who.config().closed.fetch_add(1, std::memory_order_relaxed);
  sockets_->remove(id);
}

void shard_actor::socket_ended(socket& who) {
  auto known = who.attributes();
  auto what = make_post_mortem(who, *known.groups);
  if (report_.wants(report_part::socket, report::severity::info)) {
    auto fields = fields_of(what);
    // Whoever looks at the trace finds the socket, and the other way round.
    if (auto parent = traceparent_of(who.identity()))
      fields.emplace_back("traceparent", *parent);
    report_({report::severity::info, "socket closed", std::move(fields),
             report_part::socket});
  }
  closed_->add(std::move(what));
  leaving_.erase(&who);
  check_empty();
}

void shard_actor::check_empty() {
  if (!directory_.all().empty() || !leaving_.empty())
    return;
  for (auto& answer : std::exchange(awaiting_, {}))
    answer.deliver();
}

void shard_actor::event_failed(const socket& who, const caf::error& reason) {
  if (!report_.wants(report_part::flow, report::severity::debug))
    return;
  auto text = describe(reason);
  report_({report::severity::debug,
           "a handler failed",
           {{"socket", std::string{who.handshake().socket_id()}},
            {"error", text.type},
            {"detail", text.message}},
           report_part::flow});
}

} // namespace switchboard::actors
