#define CAF_SUITE taps
#include <caf/test/unit_test.hpp>

#include <string>

#include "client.hpp"
#include "outbound_rig.hpp"

using namespace switchboard;
using namespace std::chrono_literals;

namespace {

/// Notes each event as `event path content`, what was left out and the end.
caf::actor watcher(running& board) {
  return board.system.spawn([&board](caf::event_based_actor*) -> caf::behavior {
    return {
        [&board](const tap_events& what) {
          for (auto& event : what.events)
            board.note(std::string{name_of(event.kind)} + " "
                       + std::string{event.attributes->path()} + " "
                       + (event.kind == tap_event_kind::closed
                              ? render_close_code(event.outcome.code)
                              : event.payload));
        },
        [&board](const tap_end& what) { board.note("end " + what.reason); },
    };
  });
}

/// Asks for a tap by an actor of its own.
caf::error tap(running& board, tap_request what = {},
               const caf::actor* by = nullptr) {
  auto target = by != nullptr ? *by : watcher(board);
  board.helpers.push_back(target);
  what.target = caf::actor_cast<caf::strong_actor_ptr>(target);
  what.payload_limit = 64;
  return board.ask<void>(what);
}

struct inbound_rig : running {
  inbound_rig() {
    start();
    CAF_CHECK(!subscribe(source_kind::inbound_listener, "/*", echo(), {"all"}));
  }
};

} // namespace

CAF_TEST(a tap sees a socket from its opening to its end) {
  inbound_rig board;
  CAF_CHECK(!tap(board));
  client peer{board.port(), "/x?token=secret"};
  peer.send("hello");
  CAF_CHECK_EQUAL(peer.receive(), "hello");
  peer.stream.close(websocket::close_code::normal);
  CAF_CHECK(board.saw("opened /x "));
  CAF_CHECK(board.saw("message /x hello"));
  CAF_CHECK(board.saw("sent /x hello"));
  CAF_CHECK(board.saw("closed /x NORMAL_CLOSURE"));
  CAF_CHECK_EQUAL(board.times("message /x hello"), 1u);
  CAF_CHECK_EQUAL(board.times("sent /x hello"), 1u);
}

CAF_TEST(what is broadcast and what is sent by id is seen going out) {
  inbound_rig board;
  client peer{board.port(), "/x"};
  tap_request what;
  what.which.groups = {"all"};
  CAF_CHECK(!tap(board, what));
  broadcast_result result;
  CAF_CHECK(!board.ask(broadcast_request{{}, payload{"to all"}}, &result));
  CAF_CHECK_EQUAL(peer.receive(), "to all");
  socket_list list;
  CAF_CHECK(!board.ask(list_sockets_request{}, &list));
  send_request send;
  send.socket_id = list.sockets.at(0).attributes->socket_id();
  send.content = payload{"to you"};
  CAF_CHECK(!board.ask<void>(send));
  CAF_CHECK(board.saw("sent /x to all"));
  CAF_CHECK(board.saw("sent /x to you"));
}

CAF_TEST(a tap that cannot be is refused by name) {
  inbound_rig board;
  auto refused = [&](const tap_request& what) {
    return code_of(tap(board, what));
  };
  tap_request what;
  what.socket_id = "nobody";
  CAF_CHECK(refused(what) == errc::no_such_socket);
  what = {};
  what.which.config = "nobody";
  CAF_CHECK(refused(what) == errc::invalid_argument);
  what = {};
  what.which.path = "/*/x";
  CAF_CHECK(refused(what) == errc::invalid_argument);
  for (auto sample :
       {0.0, -1.0, 1.5, 0.0000001, std::numeric_limits<double>::quiet_NaN()}) {
    what = {};
    what.sample = sample;
    CAF_CHECK(refused(what) == errc::invalid_argument);
  }
  for (auto rate : {0u, max_tap_rate + 1}) {
    what = {};
    what.rate = rate;
    CAF_CHECK(refused(what) == errc::invalid_argument);
  }
  tap_request nobody;
  CAF_CHECK(code_of(board.ask<void>(nobody)) == errc::invalid_argument);
}

CAF_TEST(there are so many taps and whoever ends makes room) {
  inbound_rig board;
  std::vector<caf::actor> all;
  for (std::size_t i = 0; i < max_taps; ++i) {
    all.push_back(watcher(board));
    CAF_CHECK(!tap(board, {}, &all.back()));
  }
  CAF_CHECK(code_of(tap(board)) == errc::too_many_requests);
  caf::anon_send_exit(all.front(), caf::exit_reason::kill);
  auto deadline = std::chrono::steady_clock::now() + 20s;
  caf::error last;
  do
    last = tap(board);
  while (last && std::chrono::steady_clock::now() < deadline);
  CAF_CHECK(!last);
  client peer{board.port(), "/x"};
  CAF_CHECK(board.saw("opened /x ", max_taps));
}

CAF_TEST(a tap of one socket ends with it) {
  inbound_rig board;
  client other{board.port(), "/other"};
  client peer{board.port(), "/x"};
  socket_list list;
  list_sockets_request find;
  find.which.path = "/x";
  CAF_CHECK(!board.ask(find, &list));
  tap_request what;
  what.socket_id = list.sockets.at(0).attributes->socket_id();
  CAF_CHECK(!tap(board, what));
  other.send("unheard");
  CAF_CHECK_EQUAL(other.receive(), "unheard");
  peer.send("heard");
  CAF_CHECK_EQUAL(peer.receive(), "heard");
  peer.reset();
  CAF_CHECK(board.saw("end the socket is gone"));
  CAF_CHECK_EQUAL(board.times("message /x heard"), 1u);
  CAF_CHECK_EQUAL(board.times("message /other unheard"), 0u);
  CAF_CHECK(code_of(tap(board, what)) == errc::no_such_socket);
}

CAF_TEST(taps of sockets that are gone make room though their target stays) {
  inbound_rig board;
  auto who = watcher(board);
  for (std::size_t i = 0; i <= 2 * max_taps; ++i) {
    auto path = "/x" + std::to_string(i);
    client peer{board.port(), path};
    socket_list list;
    list_sockets_request find;
    find.which.path = path;
    CAF_CHECK(!board.ask(find, &list));
    tap_request what;
    what.socket_id = list.sockets.at(0).attributes->socket_id();
    CAF_REQUIRE(!tap(board, what, &who));
    peer.reset();
    CAF_REQUIRE(board.saw("end the socket is gone", i + 1));
  }
}

CAF_TEST(a drain is seen to its end and there is no tap after it) {
  inbound_rig board;
  client one{board.port(), "/one"};
  client two{board.port(), "/two"};
  CAF_CHECK(!tap(board));
  std::thread reader{[&] {
    one.end();
  }};
  std::thread second{[&] {
    two.end();
  }};
  board.board->drain({.timeout = 5s});
  reader.join();
  second.join();
  CAF_CHECK(board.saw("end the switchboard stops"));
  CAF_CHECK_EQUAL(board.times("closed /one ENDPOINT_GOING_DOWN"), 1u);
  CAF_CHECK_EQUAL(board.times("closed /two ENDPOINT_GOING_DOWN"), 1u);
  CAF_CHECK(code_of(tap(board)) == errc::connectivity);
}

CAF_TEST(a stop with taps that never answer comes to its end) {
  inbound_rig board;
  auto deaf = board.system.spawn([](caf::event_based_actor* self) {
    return caf::behavior{
        [self, kept = std::vector<caf::response_promise>{}](
            const tap_events&) mutable {
          kept.push_back(self->make_response_promise());
          return kept.back();
        },
        [](const tap_end&) {},
    };
  });
  CAF_CHECK(!tap(board, {}, &deaf));
  client peer{board.port(), "/x"};
  for (auto i = 0; i < 100; ++i) {
    peer.send("hello");
    CAF_CHECK_EQUAL(peer.receive(), "hello");
  }
  board.stop();
}

CAF_TEST(a lost connection and the next one are told of) {
  outbound_rig board;
  auto session = board.connect();
  CAF_CHECK(!tap(board));
  session->send("before");
  CAF_CHECK(board.saw("message /x before"));
  session->reset();
  session = board.peer.accept();
  CAF_CHECK(board.becomes(socket_state::open));
  CAF_CHECK(!board.send("after"));
  CAF_CHECK_EQUAL(session->receive(), "after");
  CAF_CHECK(board.saw("reconnecting /x "));
  CAF_CHECK(board.saw("reopened /x "));
  CAF_CHECK(board.saw("sent /x after"));
  session->close(1000);
  CAF_CHECK(board.saw("closed /x NORMAL_CLOSURE"));
  CAF_CHECK_EQUAL(board.times("opened /x "), 0u);
}
