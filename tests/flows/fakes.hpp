#pragma once

// Stand-ins for the actors that flows talk to, and a fixture around them.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

#include <switchboard/interfaces.hpp>
#include <switchboard/switchboard.hpp>

#include "flows/engine.hpp"
#include "tests/flows/making.hpp"

namespace switchboard::flows::testing {

/// What the fakes saw, and what they are to answer.
struct world {
  /// `direct:CONTENT` for what came by the socket's handle, else the
  /// operation and its parameters.
  std::vector<std::string> seen;
  /// Sends that wait for `release`.
  std::deque<caf::response_promise> held;
  bool hold = false;
  caf::error send_error;
  /// Of broadcasts: the last content, and how many sockets there are.
  std::string broadcast;
  std::uint64_t matched = 2;
  std::string refused_path;
  std::vector<subscribe_source_request> sources;
  std::vector<update_sources_request> updates;
};

inline caf::result<void> take_send(caf::scheduled_actor* self, world& w) {
  if (w.send_error)
    return w.send_error;
  if (!w.hold)
    return caf::unit;
  auto promise = self->make_response_promise();
  w.held.push_back(promise);
  return promise;
}

inline socket_actor::behavior_type fake_socket(socket_actor::pointer self,
                                               std::shared_ptr<world> w) {
  return {
      [=](const socket_send& x) -> caf::result<void> {
        w->seen.push_back("direct:" + std::string{x.content.view()});
        return take_send(self, *w);
      },
      [=](const socket_close&) -> caf::result<void> { return caf::unit; },
      [=](const socket_subscribe&) -> caf::result<void> { return caf::unit; },
      [=](const socket_unsubscribe&) -> caf::result<void> { return caf::unit; },
      [](const socket_renew_token&) -> caf::result<void> { return caf::unit; },
      [=](const socket_query&) -> caf::result<socket_info> {
        return socket_info{};
      },
  };
}

inline registry_actor::behavior_type fake_registry(registry_actor::pointer self,
                                                   std::shared_ptr<world> w) {
  return {
      [=](const send_request& x) -> caf::result<void> {
        w->seen.push_back("send:" + x.socket_id + ":"
                          + std::string{x.content.view()});
        return take_send(self, *w);
      },
      [=](const broadcast_request& x) -> caf::result<broadcast_result> {
        w->seen.push_back("broadcast:" + x.to.path);
        w->broadcast = x.content.view();
        broadcast_result result;
        result.matched = w->matched;
        return result;
      },
      [=](const close_request& x) -> caf::result<void> {
        w->seen.push_back("close:" + x.socket_id + ":"
                          + std::to_string(x.code));
        return caf::unit;
      },
      [=](const bulk_close_request&) -> caf::result<bulk_close_result> {
        w->seen.push_back("bulk_close");
        return bulk_close_result{4};
      },
      [=](const subscribe_groups_request& x) -> caf::result<void> {
        w->seen.push_back("subscribe:" + x.socket_id);
        return caf::unit;
      },
      [=](const unsubscribe_groups_request& x) -> caf::result<void> {
        w->seen.push_back("unsubscribe:" + x.socket_id);
        return caf::unit;
      },
      [](const get_socket_request&) -> caf::result<socket_info> {
        return make_error(errc::no_such_socket);
      },
      [](const list_sockets_request&) -> caf::result<socket_list> {
        return socket_list{};
      },
      [](const list_closed_request&) -> caf::result<closed_list> {
        return closed_list{};
      },
      [](const get_closed_request&) -> caf::result<post_mortem> {
        return make_error(errc::no_such_socket);
      },
      [](const list_groups_request&) -> caf::result<group_list> {
        return group_list{};
      },
      [](const list_configs_request&) -> caf::result<config_list> {
        return config_list{};
      },
      [=](const subscribe_source_request& x) -> caf::result<void> {
        if (x.path == w->refused_path)
          return make_error(errc::invalid_argument, "the path is taken");
        w->sources.push_back(x);
        return caf::unit;
      },
      [](const renew_token_request&) -> caf::result<void> {
        return make_error(errc::no_such_socket);
      },
      [](const tap_request&) -> caf::result<void> { return caf::unit; },
      [=](const update_sources_request& x) -> caf::result<void> {
        w->updates.push_back(x);
        return caf::unit;
      },
      [](const open_outbound_socket_request& x) -> caf::result<std::string> {
        return x.socket_id;
      },
  };
}

struct test_config : caf::actor_system_config {
  test_config() {
    add_message_types<caf::id_block::switchboard>();
  }
};

/// Reports, as `level text (field=value …)`.
class report_list {
public:
  report_function sink() {
    return [lines = lines_](const report& what) {
      auto level = what.level == report::severity::info    ? "info "
                   : what.level == report::severity::error ? "error "
                                                           : "warning ";
      auto text = level + what.text;
      for (auto& [name, value] : what.fields)
        text += " " + name + "=" + value;
      lines->push_back(std::move(text));
    };
  }

  std::vector<std::string>& lines() {
    return *lines_;
  }

private:
  std::shared_ptr<std::vector<std::string>> lines_ =
      std::make_shared<std::vector<std::string>>();
};

} // namespace switchboard::flows::testing
