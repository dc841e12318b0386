#define CAF_SUITE connection
#include <caf/test/unit_test.hpp>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>

#include "net/connection.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace std::chrono_literals;

namespace {

/// A server's connection on one end of a socket pair; the test holds the
/// other end and drives the loop until a condition holds.
struct fixture : connection_observer, turn_hook, io_handler {
  loop home;
  connection_options options;
  std::unique_ptr<connection> aut;
  unique_fd peer;
  std::vector<std::string> messages;
  std::vector<send_token> written;
  std::vector<std::string> dropped;
  std::optional<connection_end> end;
  std::string received;
  bool peer_ended = false;
  bool reading = true;
  bool credit = true;

  void open(bool paused = false,
            const std::optional<deflate_agreement>& compression = {}) {
    int ends[2];
    CAF_REQUIRE_EQUAL(
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    peer = unique_fd{ends[1]};
    aut = std::make_unique<connection>(
        home, make_plain_wire(unique_fd{ends[0]}),
        std::make_shared<const connection_options>(options), compression);
    aut->start(*this, {}, paused);
    home.add(peer.get(), *this, 1 /* EPOLLIN */);
  }

  bool on_message(opcode, std::span<const std::byte> content) override {
    messages.emplace_back(reinterpret_cast<const char*>(content.data()),
                          content.size());
    return credit;
  }

  void on_written(send_token token) override {
    written.push_back(token);
  }

  void on_dropped(send_token token, drop_cause, std::string_view why) override {
    dropped.push_back(std::to_string(token) + " " + std::string{why});
  }

  void on_end(connection_end&& what) override {
    end = std::move(what);
    home.dispose(std::move(aut));
  }

  /// The peer's end: reads what came.
  void on_io(std::uint32_t) override {
    if (!reading) {
      home.remove(peer.get());
      return;
    }
    char buffer[65536];
    auto n = ::recv(peer.get(), buffer, sizeof buffer, 0);
    if (n > 0)
      received.append(buffer, static_cast<std::size_t>(n));
    else if (n == 0) {
      peer_ended = true;
      home.remove(peer.get());
    }
  }

  bool on_turn() override {
    return false;
  }

  bool on_flushed() override {
    return false;
  }

  /// Turns the loop until `condition`, for at most 10 s.
  void until(const std::function<bool()>& condition) {
    struct watch final : turn_hook {
      fixture* self;
      const std::function<bool()>* condition;
      clock::time_point deadline;
      bool in_time = true;

      bool on_turn() override {
        return false;
      }

      bool on_flushed() override {
        in_time = clock::now() < deadline;
        if ((*condition)() || !in_time)
          self->home.stop();
        return false;
      }
    };
    watch hook;
    hook.self = this;
    hook.condition = &condition;
    hook.deadline = clock::now() + 10s;
    struct alarm final : timer {
      void on_timer() override {}
    };
    alarm limit;
    home.arm(limit, hook.deadline);
    home.wake();
    home.run(hook);
    CAF_CHECK(hook.in_time);
  }

  /// Sends a masked frame as a client does.
  void peer_sends(opcode op, const std::string& body) {
    mask_key key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    auto frame =
        outgoing_frame::copy(op, std::as_bytes(std::span{body}), false, &key);
    std::string bytes{reinterpret_cast<const char*>(frame->leading().data()),
                      frame->size()};
    CAF_REQUIRE_EQUAL(::send(peer.get(), bytes.data(), bytes.size(), 0),
                      static_cast<ssize_t>(bytes.size()));
  }

  connection::send_result send(const std::string& text, send_token token = 0) {
    outgoing_message message{opcode::text,
                             std::make_shared<const std::string>(text)};
    return aut->send(message, token);
  }

  ~fixture() override {
    if (peer)
      home.remove(peer.get());
  }
};

std::string close_frame(close_code code, const std::string& reason) {
  std::string result{static_cast<char>(0x88)};
  result += static_cast<char>(2 + reason.size());
  result += static_cast<char>(code >> 8);
  result += static_cast<char>(code & 0xFF);
  return result + reason;
}

std::string close_body(close_code code) {
  return close_frame(code, "").substr(2);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(connection_tests, fixture)

CAF_TEST(frames of one turn leave in one write and tokens come back in order) {
  open();
  for (send_token i = 1; i <= 3; ++i)
    CAF_CHECK(send("m" + std::to_string(i), i)
              == connection::send_result::queued);
  CAF_CHECK(written.empty());
  until([&] { return received.size() == 12; });
  CAF_CHECK((written == std::vector<send_token>{1, 2, 3}));
}

CAF_TEST(the peer closes and gets the same code back and TCP ends) {
  open();
  peer_sends(opcode::close, close_body(4321));
  until([&] { return end.has_value() && peer_ended; });
  CAF_CHECK_EQUAL(received, close_frame(4321, ""));
  CAF_CHECK_EQUAL(end->code, 4321);
  CAF_CHECK(end->clean);
}

CAF_TEST(we close behind what is queued and wait for the answer) {
  open();
  send("last words");
  aut->close(1001, "bye");
  CAF_CHECK(!aut->open());
  CAF_CHECK(send("too late") == connection::send_result::not_open);
  auto expected = std::string{static_cast<char>(0x81)} + '\x0A' + "last words"
                  + close_frame(1001, "bye");
  until([&] { return received == expected; });
  CAF_CHECK(!end);
  // What the peer still says is thrown away.
  peer_sends(opcode::text, "late");
  peer_sends(opcode::close, close_body(1001));
  until([&] { return end.has_value() && peer_ended; });
  CAF_CHECK(end->clean);
  CAF_CHECK_EQUAL(end->code, 1001);
  CAF_CHECK_EQUAL(end->reason, "bye");
  CAF_CHECK(messages.empty());
}

CAF_TEST(a peer that never answers a close is cut at the deadline) {
  options.close_timeout = 50ms;
  open();
  aut->close(1000, "");
  until([&] { return end.has_value() && peer_ended; });
  CAF_CHECK(!end->clean);
  CAF_CHECK_EQUAL(end->code, 1000);
}

CAF_TEST(a violation is answered with its code and then TCP is shut) {
  open();
  CAF_REQUIRE_EQUAL(::send(peer.get(), "\x81\x01x", 3, 0), 3);
  until([&] { return peer_ended; });
  CAF_REQUIRE(received.size() >= 4);
  CAF_CHECK_EQUAL(received.substr(2, 2), close_body(1002));
  // Ends as soon as the peer does.
  peer.reset();
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(end->code, 1002);
  CAF_CHECK(!end->clean);
}

CAF_TEST(a lost connection fails what is queued) {
  reading = false;
  open();
  std::string big(4'000'000, 'x');
  CAF_CHECK(send(big, 1) == connection::send_result::queued);
  until([&] { return aut->queued_bytes() < big.size(); });
  home.remove(peer.get());
  peer.reset();
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(end->code, close_codes::abnormal);
  CAF_CHECK((dropped == std::vector<std::string>{"1 the connection was lost"}));
}

CAF_TEST(silence is answered with a ping and further silence with the end) {
  options.ping_interval = 40ms;
  open();
  until([&] { return received.size() >= 2; });
  CAF_CHECK_EQUAL(received.substr(0, 2), std::string("\x89\x00", 2));
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(end->code, close_codes::abnormal);
  CAF_CHECK_EQUAL(end->reason, "no answer to a ping");
}

CAF_TEST(a peer that answers pings lives) {
  options.ping_interval = 100ms;
  open();
  auto pings = 0;
  auto seen = std::size_t{0};
  until([&] {
    while (received.size() >= seen + 2) {
      seen += 2;
      ++pings;
      peer_sends(opcode::pong, "");
    }
    return pings >= 4 || end;
  });
  CAF_CHECK(!end);
}

CAF_TEST(an idle socket is closed with 1001) {
  options.idle_timeout = 60ms;
  options.ping_interval = 0ms;
  open();
  until([&] { return received.size() >= 4; });
  CAF_CHECK_EQUAL(received, close_frame(1001, "idle timeout"));
}

CAF_TEST(a paused connection reads no more and resumes where it was) {
  open();
  credit = false;
  for (auto text : {"a", "b", "c"})
    peer_sends(opcode::text, text);
  until([&] { return !messages.empty(); });
  CAF_CHECK_EQUAL(messages.size(), 1u);
  aut->resume();
  CAF_CHECK_EQUAL(messages.size(), 2u);
  credit = true;
  aut->resume();
  until([&] { return messages.size() == 3; });
  CAF_CHECK((messages == std::vector<std::string>{"a", "b", "c"}));
}

CAF_TEST(a slow consumer is closed with 1008 where the policy says close) {
  reading = false;
  options.send_queue_limit = 1000;
  options.close_timeout = 50ms;
  open();
  CAF_CHECK(send(std::string(5'000'000, 'x'), 1)
            == connection::send_result::queued);
  CAF_CHECK(send("y", 2) == connection::send_result::queue_full);
  CAF_CHECK((dropped == std::vector<std::string>{"1 slow consumer"}));
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(end->code, 1008);
  CAF_CHECK_EQUAL(end->reason, "slow consumer");
}

CAF_TEST(drop newest refuses what does not fit and stays open) {
  reading = false;
  options.send_queue_limit = 1000;
  options.slow_consumer = slow_consumer_policy::drop_newest;
  open();
  CAF_CHECK(send(std::string(900, 'x'), 1) == connection::send_result::queued);
  CAF_CHECK(send(std::string(200, 'y'), 2)
            == connection::send_result::queue_full);
  CAF_CHECK(send(std::string(50, 'z'), 3) == connection::send_result::queued);
  CAF_CHECK(aut->open());
  CAF_CHECK(dropped.empty());
}

CAF_TEST(drop oldest makes room and tells whose message went) {
  reading = false;
  options.send_queue_limit = 1000;
  options.slow_consumer = slow_consumer_policy::drop_oldest;
  open();
  for (send_token i = 1; i <= 3; ++i)
    CAF_CHECK(send(std::string(300, 'x'), i)
              == connection::send_result::queued);
  CAF_CHECK(send(std::string(500, 'y'), 4) == connection::send_result::queued);
  CAF_CHECK((dropped
             == std::vector<std::string>{"1 dropped from a full queue",
                                         "2 dropped from a full queue"}));
  CAF_CHECK(aut->queued_bytes() <= 1000);
}

CAF_TEST(a flood of pings is answered without end of memory) {
  open();
  constexpr auto count = 10'000;
  std::string flood;
  for (auto i = 0; i < count; ++i)
    flood += std::string("\x89\x80\x00\x00\x00\x00", 6);
  std::size_t sent = 0;
  until([&] {
    auto n = ::send(peer.get(), flood.data() + sent, flood.size() - sent, 0);
    if (n > 0)
      sent += static_cast<std::size_t>(n);
    home.wake();
    return received.size() == 2 * count;
  });
  CAF_CHECK(!end);
}

CAF_TEST_FIXTURE_SCOPE_END()
