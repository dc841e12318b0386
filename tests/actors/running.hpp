#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

namespace switchboard {

/// A running switchboard in this process with actors that write down what
/// they see.
class running {
public:
  struct config : caf::actor_system_config {
    config() {
      configure(*this);
      set("scheduler.max-threads", 2);
    }
  };

  explicit running(const std::function<void(server_options&)>& adjust = {}) {
    options.runtime.shards = 2;
    http_listener_options listener;
    listener.name = "main";
    listener.host = "127.0.0.1";
    options.listeners.push_back(listener);
    websocket_options websocket;
    websocket.name = "c";
    websocket.server = server_options{};
    websocket.server->listener = "main";
    if (adjust)
      adjust(*websocket.server);
    options.websockets.push_back(websocket);
  }

  ~running() {
    stop();
    for (auto& actor : helpers)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }

  void start() {
    auto result = instance::start(system, options);
    if (!result)
      CAF_FAIL(describe(result.error()).message);
    board = std::move(*result);
  }

  void stop() {
    if (board)
      board->stop();
  }

  std::uint16_t port() const {
    auto address = board->address_of("main");
    return static_cast<std::uint16_t>(
        std::stoi(address.substr(address.rfind(':') + 1)));
  }

  caf::error subscribe(source_kind kind, const std::string& path,
                       const caf::actor& target,
                       std::vector<std::string> groups = {},
                       std::uint32_t credit = 16) {
    helpers.push_back(target);
    return ask<void>(subscribe_source_request{
        "c",
        kind,
        path,
        {caf::actor_cast<caf::strong_actor_ptr>(target)},
        std::move(groups),
        credit});
  }

  /// Asks the registry.
  /// @returns the error, if any.
  template <class Answer, class Request>
  caf::error ask(const Request& request, Answer* answer = nullptr) {
    caf::scoped_actor self{system};
    caf::error result;
    auto failed = [&](caf::error& what) {
      result = std::move(what);
    };
    auto pending =
        self->request(board->registry(), std::chrono::seconds{20}, request);
    if constexpr (std::is_void_v<Answer>)
      pending.receive([] {}, failed);
    else
      pending.receive([&](Answer& what) { *answer = std::move(what); }, failed);
    return result;
  }

  // -- what the actors saw
  // ------------------------------------------------------

  void note(std::string what) {
    std::lock_guard guard{mutex_};
    seen_.push_back(std::move(what));
    changed_.notify_all();
  }

  /// Waits until `what` was seen `times` times.
  bool saw(const std::string& what, std::size_t times = 1) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, std::chrono::seconds{20},
                             [&] { return count(what) >= times; });
  }

  std::size_t times(const std::string& what) {
    std::lock_guard guard{mutex_};
    return count(what);
  }

  /// Answers each message with the same, by the socket's handle.
  caf::actor echo() {
    return system.spawn([](caf::event_based_actor* self) -> caf::behavior {
      return {[self](const message_event& event) {
        self->send(caf::actor_cast<socket_actor>(event.socket),
                   socket_send{event.content});
      }};
    });
  }

  /// Notes every message's text, connection as `+path`, closing as
  /// `-path code`.
  caf::actor recorder() {
    return system.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {
          [this](const message_event& event) {
            note(std::string{event.content.view()});
          },
          [this](const connection_event& event) {
            note("+" + std::string{event.attributes->path()});
          },
          [this](const closed_event& event) {
            note("-" + std::string{event.attributes->path()} + " "
                 + render_close_code(event.outcome.code)
                 + (event.outcome.clean ? " clean" : ""));
          },
      };
    });
  }

  config cfg;
  caf::actor_system system{cfg};
  switchboard_options options;
  std::unique_ptr<instance> board;
  std::vector<caf::actor> helpers;

private:
  std::size_t count(const std::string& what) const {
    return static_cast<std::size_t>(
        std::count(seen_.begin(), seen_.end(), what));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> seen_;
};

} // namespace switchboard
