#define CAF_SUITE outbound_losses
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "outbound_rig.hpp"

using namespace switchboard;
using namespace std::chrono_literals;

using fixture = outbound_rig;

CAF_TEST(a lost connection is replaced under the same id and groups) {
  fixture board;
  auto session = board.connect();
  CAF_CHECK(!board.send("one"));
  CAF_CHECK_EQUAL(session->receive(), "one");
  for (auto generation = 1u; generation <= 3; ++generation) {
    session->reset();
    session = board.peer.accept();
    CAF_CHECK(board.becomes(socket_state::open));
    session->send("from generation " + std::to_string(generation));
    CAF_CHECK(board.saw("from generation " + std::to_string(generation)));
    CAF_CHECK_EQUAL(board.info().attributes->generation(), generation);
    CAF_CHECK_EQUAL(board.broadcast("to all").matched, 1u);
    CAF_CHECK_EQUAL(session->receive(), "to all");
  }
  // Counted over all connections.
  auto counters = board.info().counters;
  CAF_CHECK_EQUAL(counters.messages_received, 3u);
  CAF_CHECK_EQUAL(counters.messages_sent, 4u);
  config_list configs;
  CAF_CHECK(!board.ask(list_configs_request{}, &configs));
  CAF_CHECK_EQUAL(configs.configs.front().lost, 3u);
  CAF_CHECK_EQUAL(configs.configs.front().sockets, 1u);
  session->close(1000);
  CAF_CHECK(board.saw("-/x NORMAL_CLOSURE clean"));
  board.stop();
  CAF_CHECK_EQUAL(board.times("-/x NORMAL_CLOSURE clean"), 1u);
}

CAF_TEST(messages wait for a peer that is away and come once and in order) {
  fixture board;
  auto session = board.connect();
  board.peer.go_away();
  session->reset();
  CAF_CHECK(board.becomes(socket_state::reconnecting));
  std::vector<std::future<caf::error>> answers;
  auto queued = std::uint64_t{0};
  for (auto i = 0; i < 5; ++i) {
    answers.push_back(board.send_later("message " + std::to_string(i)));
    // Each is there before the next goes.
    while (board.info().counters.queued_bytes == queued)
      std::this_thread::yield();
    queued = board.info().counters.queued_bytes;
  }
  // A broadcast does not wait.
  auto result = board.broadcast("nobody");
  CAF_CHECK_EQUAL(result.matched, 1u);
  CAF_REQUIRE_EQUAL(result.failures.size(), 1u);
  CAF_CHECK_EQUAL(result.failures[0].socket_id, "id");
  CAF_CHECK(result.failures[0].type == socket_type::outbound);
  CAF_CHECK(result.failures[0].error_message.find("reconnected")
            != std::string::npos);
  board.peer.come_back();
  session = board.peer.accept();
  for (auto i = 0; i < 5; ++i)
    CAF_CHECK_EQUAL(session->receive(), "message " + std::to_string(i));
  for (auto& answer : answers)
    CAF_CHECK(!answer.get());
  CAF_CHECK(!board.send("last"));
  CAF_CHECK_EQUAL(session->receive(), "last");
}

CAF_TEST(what was not written when the connection was lost is sent again) {
  fixture board{[](websocket_options& options) {
    options.client->send_queue_limit = 64 * 1024 * 1024;
  }};
  auto session = board.connect();
  // More than the kernel takes for a peer that does not read.
  std::string filler(1024 * 1024, 'x');
  std::vector<std::future<caf::error>> answers;
  auto content = [&](std::size_t i) {
    return std::to_string(i) + filler;
  };
  auto count = std::size_t{24};
  for (std::size_t i = 0; i < count; ++i)
    answers.push_back(board.send_later(content(i)));
  auto open = [&] {
    return std::count_if(answers.begin(), answers.end(), [](auto& answer) {
      return answer.wait_for(0s) != std::future_status::ready;
    });
  };
  // The kernel has what it takes, and the others wait.
  while (board.info().counters.queued_bytes == 0
         || board.info().counters.messages_sent
                != static_cast<std::uint64_t>(static_cast<std::ptrdiff_t>(count)
                                              - open()))
    std::this_thread::yield();
  session->reset();
  session = board.peer.accept();
  std::vector<std::string> got;
  auto reading = std::async(std::launch::async, [&] {
    for (;;) {
      auto next = session->receive();
      if (next == "end")
        return;
      got.push_back(next.substr(0, 2));
    }
  });
  for (auto& answer : answers)
    CAF_CHECK(!answer.get());
  CAF_CHECK(!board.send("end"));
  reading.get();
  CAF_CHECK(!got.empty());
  std::sort(got.begin(), got.end());
  CAF_CHECK(std::adjacent_find(got.begin(), got.end()) == got.end());
}

CAF_TEST(a socket that is cut for memory loses what waits and comes back) {
  struct rig : fixture {
    rig()
        : fixture{[this](websocket_options& websocket) {
            websocket.client->send_queue_limit = 64 * 1024 * 1024;
            options.limits.memory = 8 * 1024 * 1024;
          }} {}
  };
  rig board;
  auto session = board.connect();
  std::vector<std::future<caf::error>> answers;
  for (auto i = 0; i < 24; ++i)
    answers.push_back(board.send_later(std::string(1024 * 1024, 'x')));
  // The peer does not read: it is too much for the kernel and the limit.
  auto lost = [](const caf::error& answer) {
    return answer == errc::connectivity
           && to_string(answer).find("memory has run out") != std::string::npos;
  };
  auto next = board.peer.accept();
  // What had not been with the socket when it was cut comes here.
  auto reading = std::async(std::launch::async, [&] {
    while (next->receive() != "after") {
    }
  });
  CAF_CHECK_NOT_EQUAL(
      std::count_if(answers.begin(), answers.end(),
                    [&](auto& answer) { return lost(answer.get()); }),
      0);
  CAF_CHECK(board.becomes(socket_state::open));
  CAF_CHECK_EQUAL(board.info().attributes->generation(), 1u);
  CAF_CHECK(!board.send("after"));
  reading.get();
  // Nor does what waits for a peer that is away fill the memory.
  board.peer.go_away();
  next->reset();
  CAF_CHECK(board.becomes(socket_state::reconnecting));
  answers.clear();
  for (auto i = 0; i < 24; ++i)
    answers.push_back(board.send_later(std::string(1024 * 1024, 'x')));
  CAF_CHECK(std::any_of(answers.begin(), answers.end(), [&](auto& answer) {
    return answer.wait_for(20s) == std::future_status::ready
           && lost(answer.get());
  }));
  CAF_CHECK(board.becomes(socket_state::reconnecting));
  // Those that came later wait still.
  board.stop();
}

CAF_TEST(without blocking an operation fails at once and the attempts go on) {
  fixture board{[](websocket_options& options) {
    options.reconnection.blocking = false;
  }};
  auto session = board.connect();
  board.peer.go_away();
  session->reset();
  CAF_CHECK(board.becomes(socket_state::reconnecting));
  CAF_CHECK(code_of(board.send("x")) == errc::connectivity);
  board.peer.come_back();
  session = board.peer.accept();
  CAF_CHECK(board.becomes(socket_state::open));
  CAF_CHECK(!board.send("y"));
  CAF_CHECK_EQUAL(session->receive(), "y");
}

CAF_TEST(the strategy of one operation stands in place of the usual one) {
  fixture board;
  auto session = board.connect();
  board.peer.go_away();
  session->reset();
  CAF_CHECK(board.becomes(socket_state::reconnecting));
  send_request request;
  request.socket_id = "id";
  request.content = payload{std::string{"x"}};
  auto& own = request.reconnection.emplace();
  CAF_CHECK(code_of(board.ask<void>(request)) == errc::connectivity);
  own.strategy = reconnection_strategy::reconnect;
  own.frequency = 10ms;
  own.count = 3;
  CAF_CHECK(code_of(board.ask<void>(request)) == errc::retry_exhausted);
  own.blocking = false;
  CAF_CHECK(code_of(board.ask<void>(request)) == errc::connectivity);
  own.blocking = true;
  own.strategy = reconnection_strategy::reconnect_forever;
  auto answer =
      std::async(std::launch::async, [&] { return board.ask<void>(request); });
  while (board.info().counters.queued_bytes == 0)
    std::this_thread::yield();
  board.peer.come_back();
  session = board.peer.accept();
  CAF_CHECK_EQUAL(session->receive(), "x");
  CAF_CHECK(!answer.get());
}

CAF_TEST(closing a socket that is being reconnected ends it) {
  fixture board;
  auto session = board.connect();
  board.peer.go_away();
  session->reset();
  CAF_CHECK(board.becomes(socket_state::reconnecting));
  auto waiting = board.send_later("never");
  while (board.info().counters.queued_bytes == 0)
    std::this_thread::yield();
  CAF_CHECK(!board.close());
  CAF_CHECK(code_of(waiting.get()) == errc::connectivity);
  CAF_CHECK(board.saw("-/x 1006"));
  CAF_CHECK(code_of(board.send("x")) == errc::no_such_socket);
  CAF_CHECK(code_of(board.close()) == errc::no_such_socket);
  // Its id is free, and nobody dials behind it.
  board.peer.come_back();
  session = board.connect();
  CAF_CHECK_EQUAL(board.info().attributes->generation(), 0u);
  board.stop();
  CAF_CHECK_EQUAL(board.times("-/x 1006"), 1u);
}

CAF_TEST(a spent strategy ends the socket and tells those that wait) {
  fixture board{[](websocket_options& options) {
    options.reconnection.strategy = reconnection_strategy::reconnect;
    // Time to see it, and to send.
    options.reconnection.frequency = 2s;
    options.reconnection.count = 1;
  }};
  auto session = board.connect();
  board.peer.go_away();
  session->reset();
  CAF_CHECK(board.becomes(socket_state::reconnecting));
  auto failure = board.send("x");
  CAF_CHECK(code_of(failure) == errc::retry_exhausted);
  CAF_CHECK(describe(failure).message.find("CONNECTIVITY")
            != std::string::npos);
  CAF_CHECK(board.saw("-/x 1006"));
  CAF_CHECK(code_of(board.send("x")) == errc::no_such_socket);
}

CAF_TEST(a normal close by the peer is not fought and another is) {
  fixture board;
  auto session = board.connect();
  session->close(1001);
  session = board.peer.accept();
  CAF_CHECK(board.becomes(socket_state::open));
  CAF_CHECK_EQUAL(board.times("-/x ENDPOINT_GOING_DOWN clean"), 0u);
  session->close(1000);
  CAF_CHECK(board.saw("-/x NORMAL_CLOSURE clean"));
  CAF_CHECK(code_of(board.send("x")) == errc::no_such_socket);
}

CAF_TEST(the configuration says which close codes are final) {
  fixture board{[](websocket_options& options) {
    options.reconnection.final_close_codes = {1001, 4000};
  }};
  auto session = board.connect();
  session->close(1000);
  session = board.peer.accept();
  session->close(4000);
  CAF_CHECK(board.saw("-/x 4000 clean"));
}

CAF_TEST(without a strategy the first loss is the end) {
  fixture board{[](websocket_options& options) {
    options.reconnection = {};
  }};
  auto session = board.connect();
  session->reset();
  CAF_CHECK(board.saw("-/x 1006"));
  CAF_CHECK(code_of(board.send("x")) == errc::no_such_socket);
}
