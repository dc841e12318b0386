#define CAF_SUITE pinned_handler
#include <caf/test/unit_test.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <switchboard/pinned_handler.hpp>

#include "client.hpp"
#include "running.hpp"

using namespace switchboard;

namespace {

/// What a test does with a message.
using message_function =
    std::function<bool(pinned_handler&, local_socket&, message_view)>;

class handler final : public pinned_handler {
public:
  handler(caf::actor_config& config, running* board, message_function what)
      : pinned_handler(config), board_(board), what_(std::move(what)) {}

  caf::behavior make_behavior() override {
    return {[this](const closed_event&) { board_->note("closed"); },
            [this](caf::ok_atom) {
              if (kept_)
                local_->done();
              kept_ = nullptr;
            }};
  }

  bool on_message(local_socket& from, message_view content) override {
    if (content.bytes == "keep") {
      kept_ = from.handle();
      local_ = &from;
      board_->note("kept");
      return false;
    }
    return what_(*this, from, content);
  }

  void on_sent(std::uint64_t id, const caf::error& problem) override {
    board_->note((problem ? "lost " : "sent ") + std::to_string(id));
  }

private:
  running* board_;
  message_function what_;
  caf::strong_actor_ptr kept_;
  local_socket* local_ = nullptr;
};

struct fixture : running {
  using running::running;

  /// Handlers on both shards, for messages and closings of every path.
  void serve(message_function what, std::uint32_t credit = 16) {
    start();
    std::vector<caf::strong_actor_ptr> targets;
    for (std::size_t shard = 0; shard < board->shards(); ++shard) {
      auto one = board->spawn_pinned<handler>(shard, this, what);
      handlers.push_back(caf::actor_cast<caf::actor>(one));
      targets.push_back(caf::actor_cast<caf::strong_actor_ptr>(one));
    }
    for (auto kind :
         {source_kind::on_socket_closed, source_kind::inbound_listener})
      CAF_REQUIRE(!ask<void>(
          subscribe_source_request{"c", kind, "/*", targets, {}, credit}));
  }

  std::vector<caf::actor> handlers;
};

bool echo(pinned_handler&, local_socket& from, message_view content) {
  if (from.send(content) != send_outcome::queued)
    throw std::runtime_error{"there was room"};
  return true;
}

} // namespace

CAF_TEST(a call carries text and binary of every size) {
  for (auto compress : {false, true}) {
    fixture board{[](server_options& server) {
      server.compression.enabled = true;
    }};
    board.serve(echo);
    client peer{board.port(), "/x", compress};
    for (std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 1u << 20}) {
      std::string text(size, 'x');
      for (auto binary : {false, true}) {
        peer.send(text, binary);
        CAF_CHECK(peer.receive() == text);
        CAF_CHECK_EQUAL(peer.stream.got_binary(), binary);
      }
    }
  }
}

CAF_TEST(a send with an id is told when it is written) {
  fixture board;
  board.serve([](pinned_handler& self, local_socket& from, message_view what) {
    payload shared{std::string{what.bytes}, what.binary};
    CAF_CHECK(from.send(shared, self, 7) == send_outcome::queued);
    CAF_CHECK(from.send(shared, self, 8) == send_outcome::queued);
    return true;
  });
  client peer{board.port()};
  peer.send("hello");
  CAF_CHECK_EQUAL(peer.receive(), "hello");
  CAF_CHECK_EQUAL(peer.receive(), "hello");
  CAF_CHECK(board.saw("sent 7"));
  CAF_CHECK(board.saw("sent 8"));
}

CAF_TEST(a send that is lost is told as well) {
  fixture board{[](server_options& server) {
    server.send_queue_limit = 1000;
    server.slow_consumer = slow_consumer_policy::close;
  }};
  board.serve([](pinned_handler& self, local_socket& from, message_view) {
    // Far more than any buffer between here and a peer that does not read.
    payload large{std::string(64 << 20, 'x'), true};
    CAF_CHECK(from.send(large, self, 1) == send_outcome::queued);
    auto second = from.send(large, self, 2);
    CAF_CHECK(second == send_outcome::queue_full);
    CAF_CHECK(from.send(large, self, 3) == send_outcome::not_open);
    return true;
  });
  client peer{board.port()};
  peer.send("x");
  CAF_CHECK(board.saw("lost 1"));
  CAF_CHECK(board.saw("closed"));
  CAF_CHECK_EQUAL(board.times("lost 2"), 0u);
  CAF_CHECK_EQUAL(board.times("lost 3"), 0u);
}

CAF_TEST(text that is not UTF - 8 is refused) {
  fixture board;
  board.serve([](pinned_handler& self, local_socket& from, message_view) {
    CAF_CHECK(from.send(message_view{"\xff"}) == send_outcome::not_text);
    CAF_CHECK(from.send(payload{"\xff"}) == send_outcome::not_text);
    CAF_CHECK(from.send(payload{"\xff"}, self, 1) == send_outcome::not_text);
    CAF_CHECK(from.send(message_view{"\xff", true}) == send_outcome::queued);
    return true;
  });
  client peer{board.port()};
  peer.send("x");
  CAF_CHECK_EQUAL(peer.receive(), "\xff");
  CAF_CHECK_EQUAL(board.times("lost 1"), 0u);
}

CAF_TEST(a part of a message is looked at although the whole was) {
  fixture board;
  board.serve([](pinned_handler&, local_socket& from, message_view content) {
    auto part = content;
    part.bytes.remove_suffix(1);
    CAF_CHECK(from.send(part) == send_outcome::not_text);
    part = content;
    part.bytes.remove_prefix(1);
    CAF_CHECK(from.send(part) == send_outcome::not_text);
    CAF_CHECK(from.send(content) == send_outcome::queued);
    return true;
  });
  client peer{board.port()};
  peer.send("\u00e9\u00e9");
  CAF_CHECK_EQUAL(peer.receive(), "\u00e9\u00e9");
}

CAF_TEST(bytes that came as binary are looked at when they go as text) {
  fixture board;
  board.serve([](pinned_handler&, local_socket& from, message_view content) {
    content.binary = false;
    CAF_CHECK(from.send(content) == send_outcome::not_text);
    content.binary = true;
    CAF_CHECK(from.send(content) == send_outcome::queued);
    return true;
  });
  client peer{board.port()};
  peer.send("\xff", true);
  CAF_CHECK_EQUAL(peer.receive(), "\xff");
}

CAF_TEST(a message that is kept holds the next ones back) {
  fixture board;
  board.serve(echo, 1);
  client peer{board.port()};
  peer.send("keep");
  CAF_CHECK(board.saw("kept"));
  peer.send("later");
  // Whatever comes back before the release would come before this pong.
  auto pong = false;
  peer.stream.control_callback([&](websocket::frame_type kind, auto) {
    pong |= kind == websocket::frame_type::pong;
  });
  for (auto& one : board.handlers)
    caf::anon_send(one, caf::ok_atom::value);
  CAF_CHECK_EQUAL(peer.receive(), "later");
}

CAF_TEST(a message that is done twice counts once) {
  fixture board;
  board.serve(
      [](pinned_handler& self, local_socket& from, message_view content) {
        from.done();
        return echo(self, from, content);
      });
  {
    client peer{board.port()};
    peer.send("x");
    CAF_CHECK_EQUAL(peer.receive(), "x");
    peer.reset();
  }
  // The event would wait for a message that is still owed.
  CAF_CHECK(board.saw("closed"));
}

CAF_TEST(a close from a call is a closing handshake) {
  fixture board;
  std::atomic<bool> open{true};
  board.serve([&](pinned_handler&, local_socket& from, message_view) {
    from.close(4001, "enough");
    from.close(4002, "again");
    open = from.send(message_view{"x"}) != send_outcome::not_open;
    return true;
  });
  client peer{board.port()};
  peer.send("x");
  auto reason = peer.end();
  CAF_CHECK_EQUAL(static_cast<int>(reason.code), 4001);
  CAF_CHECK_EQUAL(std::string{reason.reason.c_str()}, "enough");
  CAF_CHECK(board.saw("closed"));
  CAF_CHECK(!open);
}

CAF_TEST(a call that throws ends the handler and closes its sockets) {
  fixture board;
  board.serve([](pinned_handler&, local_socket&, message_view) -> bool {
    throw std::runtime_error{"oops"};
  });
  client peer{board.port()};
  peer.send("x");
  CAF_CHECK_EQUAL(static_cast<int>(peer.end().code), 1011);
}

CAF_TEST(every closed event comes although a message is kept) {
  fixture board;
  board.serve(echo);
  {
    client peer{board.port()};
    peer.send("keep");
    CAF_CHECK(board.saw("kept"));
    peer.reset();
  }
  // The event waits for the message.
  for (auto& one : board.handlers)
    caf::anon_send(one, caf::ok_atom::value);
  CAF_CHECK(board.saw("closed"));
}
