#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <caf/test/unit_test.hpp>

#include "peer.hpp"
#include "running.hpp"

namespace switchboard {

using namespace std::chrono_literals;

/// A running switchboard whose outbound configuration `c` leads to `peer`.
struct outbound_rig : running {
  explicit outbound_rig(
      const std::function<void(websocket_options&)>& adjust = {}) {
    auto& websocket = options.websockets.front();
    websocket.client.emplace();
    websocket.client->host = "127.0.0.1";
    websocket.client->port = peer.port();
    auto& strategy = websocket.reconnection;
    strategy.strategy = reconnection_strategy::reconnect_forever;
    strategy.frequency = 20ms;
    if (adjust)
      adjust(websocket);
    start();
    CAF_CHECK(!subscribe(source_kind::outbound_listener, "/*", recorder()));
    CAF_CHECK(!subscribe(source_kind::on_socket_closed, "/*", recorder()));
  }

  caf::error open(const outbound_options& request) {
    std::string id;
    return ask(request, &id);
  }

  /// Opens the socket `id` and takes the peer's end of it.
  std::unique_ptr<peer_server::session> connect(const std::string& id = "id") {
    outbound_options request;
    request.socket_id = id;
    request.path = "/x";
    request.default_groups = {"g"};
    auto answer = std::async(std::launch::async,
                             [this, request] { return open(request); });
    auto result = peer.accept();
    CAF_CHECK(!answer.get());
    return result;
  }

  caf::error send(const std::string& text, const std::string& id = "id") {
    send_request request;
    request.socket_id = id;
    request.content = payload{text};
    return ask<void>(request);
  }

  /// Sends in the background.
  std::future<caf::error> send_later(const std::string& text) {
    return std::async(std::launch::async, [this, text] { return send(text); });
  }

  caf::error close(const std::string& id = "id") {
    close_request request;
    request.socket_id = id;
    return ask<void>(request);
  }

  socket_info info(const std::string& id = "id") {
    socket_info result;
    auto failure = ask(get_socket_request{id}, &result);
    CAF_CHECK(!failure);
    return result;
  }

  /// Asks until the socket is in a state; the state comes from the far end.
  bool becomes(socket_state state, const std::string& id = "id") {
    auto deadline = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < deadline) {
      socket_info result;
      if (!ask(get_socket_request{id}, &result) && result.state == state)
        return true;
      std::this_thread::yield();
    }
    return false;
  }

  broadcast_result broadcast(const std::string& text) {
    broadcast_result result;
    broadcast_request request;
    request.to.config = "c";
    request.to.groups = {"g"};
    request.content = payload{text};
    CAF_CHECK(!ask(request, &result));
    return result;
  }

  peer_server peer;
};

} // namespace switchboard
