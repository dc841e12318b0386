#define CAF_SUITE tls_connection
#include <caf/test/unit_test.hpp>

#include <sys/socket.h>

#include "net/connection.hpp"
#include "net/tls_context.hpp"
#include "net/tls_wire.hpp"
#include "tls_peer.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace tls_peer;
using namespace std::chrono_literals;

using progress = handshaking_wire::progress;

namespace {

/// One end of a WebSocket and what it saw.
struct end_point : connection_observer {
  virtual ~end_point() = default;

  loop* home = nullptr;
  std::unique_ptr<connection> socket;
  std::vector<std::string> messages;
  std::vector<send_token> written;
  std::vector<send_token> dropped;
  std::optional<connection_end> end;
  bool credit = true;

  bool on_message(opcode, std::span<const std::byte> content) override {
    messages.emplace_back(reinterpret_cast<const char*>(content.data()),
                          content.size());
    return credit;
  }

  void on_written(send_token token) override {
    written.push_back(token);
  }

  void on_dropped(send_token token, drop_cause, std::string_view) override {
    dropped.push_back(token);
  }

  void on_end(connection_end&& what) override {
    end = std::move(what);
    home->dispose(std::move(socket));
  }
};

/// Both ends ours, with TLS between them, in one loop.
struct fixture : turn_hook {
  virtual ~fixture() = default;

  loop home;
  scratch_folder folder;
  identity leaf = issue({.names = "DNS:localhost"});
  connection_options options;
  end_point server;
  end_point client;
  const std::function<bool()>* condition = nullptr;
  clock::time_point deadline;
  bool in_time = true;

  struct alarm final : timer {
    void on_timer() override {}
  } limit;

  void open() {
    tls_options wanted;
    wanted.key_store.emplace().path =
        folder.write("key.pem", leaf.certificate_pem() + leaf.key_pem());
    wanted.trust_store.path = folder.write("trust.pem", leaf.certificate_pem());
    std::string problem;
    auto ends = connect_pair();
    // Little enough to fill, enough for the system not to count every byte.
    auto size = 128 * 1024;
    for (auto fd : {ends.ours.get(), ends.theirs.get()}) {
      ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    auto one = make_tls_wire(std::move(ends.ours),
                             tls_context::make(role::server, wanted, problem));
    auto two = make_tls_wire(std::move(ends.theirs),
                             tls_context::make(role::client, wanted, problem),
                             "localhost");
    CAF_REQUIRE(tls_peer::until([&] {
      auto x = one->handshake(problem);
      return two->handshake(problem) == progress::done && x == progress::done;
    }));
    CAF_REQUIRE_EQUAL(problem, "");
    start(server, std::move(one), role::server);
    start(client, std::move(two), role::client);
  }

  void start(end_point& which, std::unique_ptr<wire> stream, role self) {
    options.self = self;
    which.home = &home;
    which.socket = std::make_unique<connection>(
        home, std::move(stream),
        std::make_shared<const connection_options>(options), std::nullopt);
    which.socket->start(which, {}, false);
  }

  bool on_turn() override {
    return false;
  }

  bool on_flushed() override {
    in_time = clock::now() < deadline;
    if ((*condition)() || !in_time)
      home.stop();
    return false;
  }

  void until(const std::function<bool()>& done) {
    condition = &done;
    deadline = clock::now() + 10s;
    home.arm(limit, deadline);
    home.wake();
    home.run(*this);
    CAF_CHECK(in_time);
  }

  static std::string text(std::size_t size, char first) {
    std::string result(size, first);
    for (std::size_t i = 0; i < size; i += 101)
      result[i] = static_cast<char>('a' + i % 26);
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_connection_tests, fixture)

CAF_TEST(large messages pass both ways at once) {
  options.max_message_size = 4 * 1024 * 1024;
  options.send_queue_limit = 16 * 1024 * 1024;
  open();
  auto one = text(2'000'000, 'x');
  auto two = text(1'500'000, 'y');
  for (send_token i = 1; i <= 2; ++i) {
    server.socket->send(opcode::text, std::as_bytes(std::span{one}), i);
    client.socket->send(opcode::text, std::as_bytes(std::span{two}), i);
  }
  until([&] {
    return server.messages.size() == 2 && client.messages.size() == 2;
  });
  CAF_REQUIRE_EQUAL(client.messages.size(), 2u);
  CAF_CHECK(client.messages[0] == one && client.messages[1] == one);
  CAF_CHECK(server.messages[0] == two && server.messages[1] == two);
  until([&] { return server.written.size() == 2; });
  CAF_CHECK((server.written == std::vector<send_token>{1, 2}));
}

CAF_TEST(many small messages pass in order) {
  open();
  for (int i = 0; i < 2000; ++i) {
    auto body = std::to_string(i);
    CAF_REQUIRE(
        client.socket->send(opcode::text, std::as_bytes(std::span{body}))
        == connection::send_result::queued);
  }
  until([&] { return server.messages.size() == 2000; });
  for (int i = 0; i < 2000; ++i)
    CAF_REQUIRE_EQUAL(server.messages[static_cast<std::size_t>(i)],
                      std::to_string(i));
}

CAF_TEST(a paused reader finds everything once it resumes) {
  options.send_queue_limit = 16 * 1024 * 1024;
  open();
  client.credit = false;
  for (int i = 0; i < 300; ++i) {
    auto body = text(5000, static_cast<char>('A' + i % 26));
    server.socket->send(opcode::text, std::as_bytes(std::span{body}));
  }
  until([&] { return !client.messages.empty(); });
  std::size_t seen = 0;
  until([&] {
    if (client.messages.size() > seen) {
      seen = client.messages.size();
      client.socket->resume();
      // It may have delivered what was at hand, which is no event.
      home.wake();
    }
    return client.messages.size() == 300;
  });
  for (int i = 0; i < 300; ++i)
    CAF_REQUIRE(client.messages[static_cast<std::size_t>(i)]
                == text(5000, static_cast<char>('A' + i % 26)));
}

// The record under way was made of the queue's first frames: whatever is
// dropped or jumps the queue meanwhile must not change what follows it.
CAF_TEST(what is encrypted already stays while others are dropped) {
  options.slow_consumer = slow_consumer_policy::drop_oldest;
  options.send_queue_limit = 100'000;
  options.ping_interval = 1500ms;
  open();
  client.credit = false;
  send_token sent = 0;
  // A ping is due by then and has jumped the queue; its answer is not missed
  // yet.
  auto ping_is_out = clock::now() + options.ping_interval + 100ms;
  until([&] {
    for (int i = 0; i < 20; ++i) {
      auto body = std::to_string(++sent) + " " + text(3000, 'z');
      server.socket->send(opcode::text, std::as_bytes(std::span{body}), sent);
    }
    home.wake();
    return server.dropped.size() > 500 && clock::now() > ping_is_out;
  });
  client.credit = true;
  client.socket->resume();
  until([&] {
    return server.written.size() + server.dropped.size() == sent
           && client.messages.size() == server.written.size();
  });
  CAF_CHECK(!server.end);
  CAF_CHECK(!client.end);
  for (std::size_t i = 0; i < client.messages.size(); ++i)
    CAF_REQUIRE(client.messages[i]
                == std::to_string(server.written[i]) + " " + text(3000, 'z'));
}

CAF_TEST(both ends close in order) {
  open();
  client.socket->close(close_codes::normal_closure, "bye");
  until([&] { return client.end && server.end; });
  CAF_CHECK_EQUAL(server.end->code, close_codes::normal_closure);
  CAF_CHECK(server.end->clean);
  CAF_CHECK(client.end->clean);
}

CAF_TEST_FIXTURE_SCOPE_END()
