#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

#include "actors/socket.hpp"
#include "actors/supervisor.hpp"

namespace switchboard::actors {

using namespace std::chrono_literals;

struct keeper_config : caf::actor_system_config {
  keeper_config() {
    configure(*this);
  }
};

/// Takes the place of a shard's actor: each handshake comes out as the script
/// says, and as the last entry says for ever after.
struct shard_script {
  std::deque<std::optional<errc>> outcomes{std::nullopt};
  /// Whether handshakes stay without an answer.
  bool silent = false;
  std::vector<open_outbound> dialed;
  std::vector<std::chrono::nanoseconds> patience;
  std::vector<caf::strong_actor_ptr> sockets;
  /// What the sockets were told at their end.
  std::vector<caf::error> given_up;
  std::vector<caf::typed_response_promise<caf::strong_actor_ptr>> unanswered;
};

/// An outbound socket as its supervisor sees it.
inline caf::behavior fake_socket(caf::event_based_actor* self,
                                 shard_script* script) {
  return {[=](const outbound_given_up& what) {
    script->given_up.push_back(what.why);
    self->quit();
  }};
}

inline caf::behavior fake_shard(caf::event_based_actor* self,
                                shard_script* script) {
  return {
      [=](const install_routes&) {},
      [=](const open_outbound& what) -> caf::result<caf::strong_actor_ptr> {
        script->dialed.push_back(what);
        if (script->silent) {
          auto promise = self->make_response_promise<caf::strong_actor_ptr>();
          script->unanswered.push_back(promise);
          return promise;
        }
        auto outcome = script->outcomes.front();
        if (script->outcomes.size() > 1)
          script->outcomes.pop_front();
        if (outcome)
          return make_error(*outcome, "the peer said no");
        if (what.socket)
          return what.socket;
        auto made = self->spawn(fake_socket, script);
        script->sockets.push_back(caf::actor_cast<caf::strong_actor_ptr>(made));
        return script->sockets.back();
      },
  };
}

struct keeper_rig : test_coordinator_fixture<keeper_config> {
  supervisor_setup setup;
  shard_script script;
  websocket_options options;
  std::shared_ptr<socket_index> sockets = std::make_shared<socket_index>();
  supervisor_actor aut;
  std::vector<std::string> reports;

  keeper_rig() {
    options.name = "feed";
    options.client.emplace();
    options.client->host = "peer.example";
  }

  void start() {
    setup.options = options;
    setup.sockets = sockets;
    setup.profile = make_client_profile(options, nullptr, {}, nullptr);
    setup.on_report = [this](const report& what) {
      reports.push_back(what.text);
    };
    auto shard = sys.spawn(fake_shard, &script);
    setup.shards = {caf::actor_cast<caf::strong_actor_ptr>(shard)};
    aut = sys.spawn(supervisor, setup);
    sched.run();
  }

  ~keeper_rig() {
    if (aut)
      caf::anon_send_exit(aut, caf::exit_reason::user_shutdown);
    for (auto& socket : script.sockets)
      caf::anon_send_exit(socket, caf::exit_reason::kill);
    for (auto& shard : setup.shards)
      caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
    script.unanswered.clear();
    sched.run();
  }

  struct outcome {
    std::string id;
    caf::error failure;
    bool answered = false;

    std::string text() const {
      return switchboard::describe(failure).message;
    }
  };

  std::shared_ptr<outcome> open(outbound_options request) {
    if (request.socket_id.empty())
      request.socket_id = "s" + std::to_string(++last_id);
    CAF_REQUIRE(sockets->reserve(request.socket_id));
    auto result = std::make_shared<outcome>();
    sys.spawn([=, this](caf::event_based_actor* self) {
      self->request(aut, caf::infinite, request)
          .then(
              [result](std::string& id) {
                result->id = std::move(id);
                result->answered = true;
              },
              [result](caf::error& failure) {
                result->failure = std::move(failure);
                result->answered = true;
              });
    });
    sched.run();
    return result;
  }

  std::shared_ptr<outcome> open() {
    return open({});
  }

  /// In steps, because a timer that fires counts the next from when it is
  /// seen to.
  void pass(caf::timespan time) {
    while (time.count() > 0) {
      auto now = std::min(time, step);
      sched.advance_time(now);
      sched.run();
      time -= now;
    }
  }

  void lose(std::size_t which = 0) {
    caf::anon_send(aut, outbound_lost{script.sockets.at(which), "", "1006"});
    sched.run();
  }

  void end(std::size_t which = 0) {
    caf::anon_send_exit(script.sockets.at(which),
                        caf::exit_reason::user_shutdown);
    sched.run();
  }

  std::size_t dials() const {
    return script.dialed.size();
  }

  void script_of(std::initializer_list<std::optional<errc>> outcomes) {
    script.outcomes = outcomes;
  }

  int last_id = 0;
  caf::timespan step = 500ms;
};

/// A handshake that succeeds, in a script.
inline constexpr auto good = std::nullopt;

} // namespace switchboard::actors
