// switchboard-embed [MESSAGES]: a CAF application with a switchboard in it. It
// shouts back what its sockets say, sends all of them a tick five times a
// second, and ends after so many messages (0, the default: never) or on
// SIGTERM.

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

namespace sb = switchboard;
using namespace std::chrono_literals;

using tick = caf::atom_constant<caf::atom("tick")>;

// Messages of all sockets come here; the answer goes to the socket itself.
sb::message_handler::behavior_type
shouter(sb::message_handler::stateful_pointer<long> self, long messages) {
  self->state = messages;
  return {[=](const sb::message_event& event) -> caf::result<void> {
    std::string text{event.content.view()};
    caf::aout(self) << event.attributes->socket_id() << " says " << text
                    << std::endl;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    auto answered = self->delegate(
        caf::actor_cast<sb::socket_actor>(event.socket),
        sb::socket_send{sb::payload{std::move(text), event.content.binary()}});
    if (self->state > 0 && --self->state == 0)
      ::kill(::getpid(), SIGTERM);
    return answered;
  }};
}

sb::closed_handler::behavior_type farewell(sb::closed_handler::pointer self) {
  return {[=](const sb::closed_event& event) {
    caf::aout(self) << event.attributes->socket_id() << " left with "
                    << sb::render_close_code(event.outcome.code) << std::endl;
  }};
}

caf::behavior ticker(caf::stateful_actor<int>* self, sb::registry_actor to) {
  self->send(self, tick::value);
  return {[=](tick) {
    sb::payload content{"tick " + std::to_string(++self->state)};
    self->request(to, 1s, sb::broadcast_request{{}, content})
        .then([=](const sb::broadcast_result& result) {
          caf::aout(self) << "a tick for " << result.matched << " sockets"
                          << std::endl;
        });
    self->delayed_send(self, 200ms, tick::value);
  }};
}

int main(int argc, char** argv) {
  // The signal waits for `sigwait`: every thread inherits that.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  caf::actor_system_config config;
  sb::configure(config);
  caf::actor_system system{config};

  sb::switchboard_options options;
  auto& listener = options.listeners.emplace_back();
  listener.name = "local";
  listener.host = "127.0.0.1"; // and any free port
  auto& websocket = options.websockets.emplace_back();
  websocket.name = "demo";
  websocket.server.emplace().listener = "local";
  auto board = sb::instance::start(system, options);
  if (!board) {
    std::cerr << sb::describe(board.error()).message << std::endl;
    return EXIT_FAILURE;
  }

  caf::scoped_actor self{system};
  auto subscribe = [&](sb::source_kind kind, const auto& target) {
    sb::subscribe_source_request request;
    request.kind = kind;
    request.path = "/*";
    request.targets.push_back(caf::actor_cast<caf::strong_actor_ptr>(target));
    self->request((*board)->registry(), 5s, request)
        .receive([] {},
                 [](const caf::error& failure) {
                   std::cerr << sb::describe(failure).message << std::endl;
                   ::kill(::getpid(), SIGTERM);
                 });
  };
  auto messages = argc > 1 ? std::atol(argv[1]) : 0;
  subscribe(sb::source_kind::inbound_listener, system.spawn(shouter, messages));
  subscribe(sb::source_kind::on_socket_closed, system.spawn(farewell));
  auto ticks = system.spawn(ticker, (*board)->registry());
  std::cout << "listening on ws://" << (*board)->address_of("local") << '/'
            << std::endl;

  int signal = 0;
  sigwait(&ending, &signal);
  caf::anon_send_exit(ticks, caf::exit_reason::user_shutdown);
  (*board)->stop();
  std::cout << "done" << std::endl;
}
