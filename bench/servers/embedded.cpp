// switchboard-bench-embedded --port PORT [--deflate] [--certificate FILE]: an
// application with a switchboard in it and one pinned handler a shard. /echo
// sends each message back, /fan/ROOM sends it to the CAF group of the room,
// /broadcast/ROOM asks the registry to send it to every socket of that path.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/pinned_handler.hpp>
#include <switchboard/switchboard.hpp>

namespace sb = switchboard;
using namespace std::chrono_literals;

namespace {

constexpr const char* config_name = "bench";

class echo_handler : public sb::pinned_handler {
public:
  using pinned_handler::pinned_handler;

  caf::behavior make_behavior() override {
    return {[](const sb::closed_event&) {
    }};
  }

  bool on_message(sb::local_socket& from, sb::message_view content) override {
    from.send(content);
    return true;
  }
};

class room_handler : public sb::pinned_handler {
public:
  room_handler(caf::actor_config& config, const sb::instance& board)
      : pinned_handler(config), board_(board) {}

  caf::behavior make_behavior() override {
    return {[this](const sb::connection_event& event) {
      std::string room{event.attributes->path()};
      return delegate(caf::actor_cast<sb::socket_actor>(event.socket),
                      sb::socket_subscribe{{std::move(room)}});
    }};
  }

  bool on_message(sb::local_socket& from, sb::message_view content) override {
    send(room_of(from.attributes()->path()),
         sb::payload{std::string{content.bytes}, content.binary});
    return true;
  }

private:
  const caf::group& room_of(std::string_view path) {
    auto found = rooms_.find(path);
    if (found == rooms_.end()) {
      std::string name{path};
      auto group = board_.group(config_name, name);
      found = rooms_.emplace(std::move(name), std::move(group)).first;
    }
    return found->second;
  }

  const sb::instance& board_;
  std::map<std::string, caf::group, std::less<>> rooms_;
};

class broadcast_handler : public sb::pinned<caf::event_based_actor> {
public:
  broadcast_handler(caf::actor_config& config, sb::registry_actor registry)
      : pinned(config), registry_(std::move(registry)) {}

  caf::behavior make_behavior() override {
    return {[this](const sb::message_event& event) {
      sb::broadcast_request request;
      request.to.path = std::string{event.attributes->path()};
      request.content = event.content;
      auto done = make_response_promise();
      this->request(registry_, 10s, std::move(request))
          .then([=](const sb::broadcast_result&) mutable {
            done.deliver(caf::unit);
          });
      return done;
    }};
  }

private:
  sb::registry_actor registry_;
};

sb::switchboard_options options_for(std::uint16_t port, bool deflate,
                                    sb::io_method io,
                                    const std::string& certificate) {
  sb::switchboard_options result;
  result.runtime.io = io;
  result.runtime.shards = 1; // as each of the others has one thread
  auto& listener = result.listeners.emplace_back();
  listener.name = "local";
  listener.host = "127.0.0.1";
  listener.port = port;
  if (!certificate.empty()) {
    auto& tls = result.tls.emplace_back();
    tls.name = "local";
    tls.key_store.emplace().path = certificate;
    listener.tls = tls.name;
  }
  auto& websocket = result.websockets.emplace_back();
  websocket.name = config_name;
  auto& server = websocket.server.emplace();
  server.listener = "local";
  server.send_queue_limit = 64 * 1024 * 1024;
  server.compression.enabled = deflate;
  websocket.reconnection.fails_deployment = true;
  return result;
}

/// Makes actors, one a shard, the target of a source.
bool subscribe(caf::actor_system& system, const sb::instance& board,
               sb::source_kind kind, const std::string& path,
               const std::vector<caf::actor>& targets) {
  sb::subscribe_source_request request;
  request.kind = kind;
  request.path = path;
  request.credit = 64;
  for (const auto& each : targets)
    request.targets.push_back(caf::actor_cast<caf::strong_actor_ptr>(each));
  auto succeeded = false;
  caf::scoped_actor self{system};
  self->request(board.registry(), 5s, request)
      .receive([&] { succeeded = true; },
               [](const caf::error& problem) {
                 std::cerr << sb::describe(problem).message << std::endl;
               });
  return succeeded;
}

template <class Handler, class... Ts>
std::vector<caf::actor> one_a_shard(sb::instance& board, const Ts&... xs) {
  std::vector<caf::actor> result;
  for (std::size_t shard = 0; shard < board.shards(); ++shard)
    result.push_back(caf::actor_cast<caf::actor>(
        board.template spawn_pinned<Handler>(shard, xs...)));
  return result;
}

} // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  bool deflate = false;
  auto io = sb::io_method::automatic;
  std::string certificate;
  for (int i = 1; i < argc; ++i) {
    std::string option{argv[i]};
    if (option == "--deflate") {
      deflate = true;
    } else if (option == "--port" && i + 1 < argc) {
      port = static_cast<std::uint16_t>(std::atoi(argv[++i]));
    } else if (option == "--certificate" && i + 1 < argc) {
      certificate = argv[++i];
    } else if (option == "--io" && i + 1 < argc) {
      std::string_view method{argv[++i]};
      io = method == "epoll"      ? sb::io_method::epoll
           : method == "io_uring" ? sb::io_method::io_uring
                                  : sb::io_method::automatic;
    } else {
      std::cerr << "switchboard-bench-embedded --port PORT [--deflate] "
                   "[--io auto|epoll|io_uring] [--certificate FILE]\n";
      return 2;
    }
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  caf::actor_system_config config;
  sb::configure(config);
  caf::actor_system system{config};
  auto started =
      sb::instance::start(system, options_for(port, deflate, io, certificate));
  if (!started) {
    std::cerr << sb::describe(started.error()).message << std::endl;
    return EXIT_FAILURE;
  }
  auto& board = **started;
  using enum sb::source_kind;
  auto rooms = one_a_shard<room_handler>(board, std::cref(board));
  if (!subscribe(system, board, inbound_listener, "/echo",
                 one_a_shard<echo_handler>(board))
      || !subscribe(system, board, inbound_listener, "/fan/*", rooms)
      || !subscribe(system, board, on_inbound_connection, "/fan/*", rooms)
      || !subscribe(system, board, inbound_listener, "/broadcast/*",
                    one_a_shard<broadcast_handler>(board, board.registry())))
    return EXIT_FAILURE;
  std::cout << "ready" << std::endl;
  int signal = 0;
  sigwait(&ending, &signal);
  rooms.clear();
  board.stop();
}
