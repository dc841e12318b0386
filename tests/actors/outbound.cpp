#define CAF_SUITE outbound
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "outbound_rig.hpp"

using namespace switchboard;
using namespace std::chrono_literals;

using fixture = outbound_rig;

CAF_TEST(an outbound socket sends and receives and tells what it is) {
  fixture board;
  auto session = board.connect();
  CAF_CHECK_EQUAL(session->request.target(), "/x");
  session->send("hello");
  CAF_CHECK(board.saw("hello"));
  CAF_CHECK(!board.send("answer"));
  CAF_CHECK_EQUAL(session->receive(), "answer");
  CAF_CHECK_EQUAL(board.broadcast("all").matched, 1u);
  CAF_CHECK_EQUAL(session->receive(), "all");
  auto info = board.info();
  CAF_CHECK(info.attributes->type() == socket_type::outbound);
  CAF_CHECK_EQUAL(info.attributes->path(), "/x");
  CAF_CHECK_EQUAL(info.attributes->relative_path(), "/x");
  CAF_CHECK_EQUAL(info.attributes->generation(), 0u);
  CAF_CHECK_EQUAL(info.counters.messages_sent, 2u);
  CAF_CHECK_EQUAL(info.counters.messages_received, 1u);
  CAF_CHECK_EQUAL(info.attributes.groups->size(), 1u);
  auto closing = std::async(std::launch::async, [&] { return board.close(); });
  CAF_CHECK(session->receive().starts_with("error: "));
  CAF_CHECK(!closing.get());
  CAF_CHECK(board.saw("-/x NORMAL_CLOSURE clean"));
}

CAF_TEST(ids are unique and well - formed) {
  fixture board;
  auto session = board.connect("mine");
  outbound_options request;
  request.socket_id = "mine";
  CAF_CHECK(code_of(board.open(request)) == errc::non_unique_socket_id);
  for (auto id : {std::string{"a/b"}, std::string{"\x7f"}, std::string{"é"},
                  std::string(129, 'a')}) {
    request.socket_id = id;
    CAF_CHECK(code_of(board.open(request)) == errc::invalid_socket_id);
  }
  // The one in use is none the worse for it.
  CAF_CHECK(!board.send("x", "mine"));
  CAF_CHECK_EQUAL(session->receive(), "x");
}

CAF_TEST(of two openings with one id one wins) {
  fixture board;
  outbound_options request;
  request.socket_id = "one";
  auto open = [&] {
    return std::async(std::launch::async, [&] { return board.open(request); });
  };
  auto first = open();
  auto second = open();
  auto session = board.peer.accept();
  auto outcomes = {code_of(first.get()), code_of(second.get())};
  CAF_CHECK_EQUAL(std::count(outcomes.begin(), outcomes.end(), std::nullopt),
                  1);
  CAF_CHECK_EQUAL(
      std::count(outcomes.begin(), outcomes.end(), errc::non_unique_socket_id),
      1);
}

CAF_TEST(a made up id is told) {
  fixture board;
  auto answer = std::async(std::launch::async, [&] {
    std::string id;
    CAF_CHECK(!board.ask(outbound_options{}, &id));
    return id;
  });
  auto session = board.peer.accept();
  auto id = answer.get();
  CAF_CHECK_EQUAL(id.size(), 36u);
  CAF_CHECK(!board.send("x", id));
  CAF_CHECK_EQUAL(session->receive(), "x");
}

CAF_TEST(a stop ends sockets in every state) {
  fixture board;
  auto open = board.connect("open");
  auto lost = board.connect("lost");
  board.peer.go_away();
  lost->reset();
  CAF_CHECK(board.becomes(socket_state::reconnecting, "lost"));
  outbound_options request;
  request.socket_id = "opening";
  auto open_it = [&] {
    return std::async(std::launch::async, [&] { return board.open(request); });
  };
  // One of them is told that the other has begun.
  auto opening = open_it();
  auto loser = open_it();
  while (loser.wait_for(0s) != std::future_status::ready
         && opening.wait_for(0s) != std::future_status::ready)
    std::this_thread::yield();
  if (loser.wait_for(0s) != std::future_status::ready)
    std::swap(opening, loser);
  CAF_CHECK(code_of(loser.get()) == errc::non_unique_socket_id);
  auto reader = std::async(std::launch::async, [&] { open->receive(); });
  board.stop();
  CAF_CHECK(code_of(opening.get()) == errc::connectivity);
  CAF_CHECK_EQUAL(open->stream.reason().code, 1001);
  CAF_CHECK(board.saw("-/x ENDPOINT_GOING_DOWN clean"));
  CAF_CHECK(board.saw("-/x 1006"));
}

CAF_TEST(a peer out of reach fails the start where it is told to) {
  running board;
  peer_server peer;
  auto& websocket = board.options.websockets.front();
  websocket.client.emplace();
  websocket.client->host = "127.0.0.1";
  websocket.client->port = peer.port();
  websocket.reconnection.fails_deployment = true;
  {
    auto good = instance::start(board.system, board.options);
    CAF_CHECK(static_cast<bool>(good));
  }
  peer.go_away();
  auto bad = instance::start(board.system, board.options);
  CAF_REQUIRE(!bad);
  CAF_CHECK(code_of(bad.error()) == errc::connectivity);
  websocket.reconnection.strategy = reconnection_strategy::reconnect;
  websocket.reconnection.frequency = 1ms;
  auto spent = instance::start(board.system, board.options);
  CAF_REQUIRE(!spent);
  CAF_CHECK(code_of(spent.error()) == errc::retry_exhausted);
  websocket.reconnection.fails_deployment = false;
  auto careless = instance::start(board.system, board.options);
  CAF_CHECK(static_cast<bool>(careless));
}

CAF_TEST(outbound sockets of the options are opened at the start) {
  running board;
  peer_server peer;
  auto& websocket = board.options.websockets.front();
  websocket.client.emplace();
  websocket.client->port = peer.port();
  websocket.server.reset();
  auto& wanted = board.options.outbound.emplace_back();
  wanted.socket_id = "always";
  wanted.path = "/y";
  board.start();
  auto session = peer.accept();
  CAF_CHECK_EQUAL(session->request.target(), "/y");
  CAF_CHECK(board.board->ready());
}
