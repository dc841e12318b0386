#define CAF_SUITE connection_large
#include <caf/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "net/connection.hpp"
#include "net/file_worker.hpp"
#include "tests/net/wire_script.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace std::chrono_literals;

namespace {

/// Bytes that another thread hands out, as a file's are.
class slow_content final : public large_content {
public:
  slow_content(std::string bytes, std::shared_ptr<file_worker> worker,
               bool is_text = false)
      : large_content(bytes.size(), is_text),
        bytes_(std::move(bytes)),
        worker_(std::move(worker)) {
    // nop
  }

  void read(std::uint64_t offset, std::size_t size,
            read_callback done) const override {
    ++reads;
    most_asked = std::max(most_asked, size);
    auto broken = offset >= breaks_at;
    worker_->post([piece = bytes_.substr(offset, size), broken,
                   done = std::move(done)]() mutable {
      if (broken)
        done({}, std::make_error_code(std::errc::io_error));
      else
        done(std::move(piece), {});
    });
  }

  mutable int reads = 0;
  mutable std::size_t most_asked = 0;
  std::uint64_t breaks_at = std::numeric_limits<std::uint64_t>::max();

private:
  std::string bytes_;
  std::shared_ptr<file_worker> worker_;
};

std::string noise(std::size_t size) {
  std::string result;
  std::uint32_t state = 7;
  while (result.size() < size) {
    state = state * 1664525 + 1013904223;
    result += static_cast<char>(state >> 24);
  }
  return result;
}

/// A connection on one end of a socket pair; the test reads the other.
struct fixture : connection_observer, turn_hook, io_handler {
  std::shared_ptr<file_worker> worker = std::make_shared<file_worker>();
  loop home;
  connection_options options;
  std::unique_ptr<connection> aut;
  unique_fd peer;
  std::vector<std::string> events;
  std::optional<connection_end> end;
  std::string received;
  bool reading = true;

  void open() {
    int ends[2];
    CAF_REQUIRE_EQUAL(
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    peer = unique_fd{ends[1]};
    aut = std::make_unique<connection>(
        home, make_plain_wire(unique_fd{ends[0]}),
        std::make_shared<const connection_options>(options), std::nullopt);
    aut->start(*this, {}, false);
    home.add(peer.get(), *this, reading ? 1 : 0);
  }

  void read_on() {
    reading = true;
    home.modify(peer.get(), *this, 1);
  }

  ~fixture() override {
    if (peer)
      home.remove(peer.get());
  }

  bool on_message(opcode, std::span<const std::byte>) override {
    return true;
  }

  void on_written(send_token token) override {
    events.push_back("written " + std::to_string(token));
  }

  void on_dropped(send_token token, drop_cause, std::string_view why) override {
    events.push_back("dropped " + std::to_string(token) + ": "
                     + std::string{why});
  }

  void on_end(connection_end&& what) override {
    end = std::move(what);
    home.dispose(std::move(aut));
  }

  void on_io(std::uint32_t) override {
    char buffer[65536];
    auto n = ::recv(peer.get(), buffer, sizeof buffer, 0);
    if (n > 0)
      received.append(buffer, static_cast<std::size_t>(n));
    else
      home.remove(peer.get());
  }

  bool on_turn() override {
    return false;
  }

  bool on_flushed() override {
    if ((*condition)() || clock::now() > deadline)
      home.stop();
    return false;
  }

  /// Turns the loop until `what` holds, for at most 10 s.
  void until(const std::function<bool()>& what) {
    struct alarm final : timer {
      void on_timer() override {}
    } limit;
    condition = &what;
    deadline = clock::now() + 10s;
    home.arm(limit, deadline);
    home.wake();
    home.run(*this);
    home.disarm(limit);
    CAF_CHECK(what());
  }

  const std::function<bool()>* condition = nullptr;
  clock::time_point deadline;

  connection::send_result send(const std::string& text, send_token token = 0) {
    outgoing_message message{opcode::text,
                             std::make_shared<const std::string>(text)};
    return aut->send(message, token);
  }

  connection::send_result send(std::shared_ptr<const large_content> content,
                               send_token token = 0) {
    outgoing_message message{opcode::binary, std::move(content)};
    return aut->send(message, token);
  }

  std::shared_ptr<slow_content> content(std::size_t size) {
    return std::make_shared<slow_content>(noise(size), worker);
  }

  /// What the received frames join to, by a reader of their own.
  std::string messages() {
    message_reader reader{role::client, 100'000'000, std::nullopt};
    return wire_script::play(reader, received);
  }

  bool has(const std::string& event) const {
    return std::find(events.begin(), events.end(), event) != events.end();
  }
};

std::string shown(const std::string& bytes) {
  return "binary " + std::to_string(bytes.size()) + " bytes "
         + std::to_string(std::hash<std::string_view>{}(bytes)) + "\n";
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(connection_large_tests, fixture)

CAF_TEST(a large message goes out in fragments of bounded size) {
  open();
  auto what = content(1'000'000);
  CAF_CHECK(send(what, 1) == connection::send_result::queued);
  until([&] { return has("written 1"); });
  until([&] { return received.size() >= 1'000'000; });
  CAF_CHECK_EQUAL(messages(), shown(noise(1'000'000)));
  CAF_CHECK_EQUAL(what->reads, 16);
  CAF_CHECK_EQUAL(what->most_asked, large_sender::fragment_size);
  CAF_CHECK_EQUAL(aut->stats().messages_sent, 1u);
  CAF_CHECK_EQUAL(aut->stats().bytes_sent, 1'000'000u);
  CAF_CHECK_EQUAL(aut->queued_bytes(), 0u);
  CAF_CHECK(aut->stats().peak_queued_bytes < 300'000);
}

CAF_TEST(messages behind a large one wait for it and keep their order) {
  open();
  send("before", 1);
  send(content(300'000), 2);
  send("between", 3);
  send(content(100'000), 4);
  send("after", 5);
  until([&] { return has("written 5"); });
  until([&] { return messages().ends_with("text after\n"); });
  CAF_CHECK_EQUAL(messages(), "text before\n" + shown(noise(300'000))
                                  + "text between\n" + shown(noise(100'000))
                                  + "text after\n");
  CAF_CHECK((events
             == std::vector<std::string>{"written 1", "written 2", "written 3",
                                         "written 4", "written 5"}));
  // Nothing waits any more: straight into the queue again.
  send("direct", 6);
  until([&] { return has("written 6"); });
}

CAF_TEST(a client masks every fragment) {
  options.self = role::client;
  open();
  send(content(200'000), 1);
  until([&] { return has("written 1") && received.size() >= 200'000; });
  message_reader reader{role::server, 1'000'000, std::nullopt};
  CAF_CHECK_EQUAL(wire_script::play(reader, received), shown(noise(200'000)));
}

CAF_TEST(a peer that does not read holds no more than two fragments) {
  reading = false;
  open();
  auto what = content(5'000'000);
  send(what, 1);
  until([&] { return aut->queued_bytes() > 0 && what->reads > 3; });
  // The kernel's buffer is full once no further piece is asked for.
  auto reads = 0;
  until([&] { return std::exchange(reads, what->reads) == what->reads; });
  CAF_CHECK(aut->queued_bytes() <= 3 * large_sender::fragment_size + 100);
  read_on();
  until([&] { return has("written 1") && received.size() >= 5'000'000; });
  CAF_CHECK_EQUAL(messages(), shown(noise(5'000'000)));
}

CAF_TEST(large messages count in a queue for what they have in memory) {
  options.send_queue_limit = 4 * large_sender::fragment_size;
  options.slow_consumer = slow_consumer_policy::drop_newest;
  reading = false;
  open();
  auto taken = 0;
  while (taken < 100
         && send(content(1'000'000), static_cast<send_token>(taken + 1))
                == connection::send_result::queued)
    ++taken;
  CAF_CHECK_EQUAL(taken, 4);
  CAF_CHECK(send("x", 99) == connection::send_result::queue_full);
}

CAF_TEST(the oldest that waits makes room but never a part of a message) {
  options.send_queue_limit = 3 * large_sender::fragment_size;
  options.slow_consumer = slow_consumer_policy::drop_oldest;
  open();
  send(content(2'000'000), 1);
  send(content(100'000), 2);
  send("three", 3);
  CAF_CHECK(send(content(150'000), 4) == connection::send_result::queued);
  CAF_CHECK(has("dropped 2: dropped from a full queue"));
  until([&] { return has("written 4"); });
  until([&] { return received.size() >= 2'150'000; });
  CAF_CHECK_EQUAL(messages(), shown(noise(2'000'000)) + "text three\n"
                                  + shown(noise(150'000)));
}

CAF_TEST(a full queue drops no fragment of a message that was begun) {
  options.send_queue_limit = 5 * large_sender::fragment_size;
  options.slow_consumer = slow_consumer_policy::drop_oldest;
  reading = false;
  open();
  auto what = content(5'000'000);
  send(what, 1);
  // The peer's end is full: one fragment is begun, the next lies behind it.
  until([&] {
    return aut->queued_bytes() > 2 * large_sender::fragment_size + 100;
  });
  for (send_token token = 2; token < 8; ++token)
    send(std::string(100'000, 'x'), token);
  for (auto token : {"2", "3", "4", "5", "6"})
    CAF_CHECK(
        has("dropped " + std::string{token} + ": dropped from a full queue"));
  read_on();
  until([&] { return has("written 1") && has("written 7"); });
  until([&] { return received.size() >= 5'100'000; });
  CAF_CHECK(messages().starts_with(shown(noise(5'000'000)) + "text 100000"));
}

CAF_TEST(a close does not wait for a large message) {
  reading = false;
  open();
  auto what = content(5'000'000);
  send(what, 1);
  send("behind", 2);
  until([&] { return what->reads > 3; });
  aut->close(1001, "bye");
  CAF_CHECK(has("dropped 1: the socket was closed"));
  CAF_CHECK(has("dropped 2: the socket was closed"));
  auto reads = what->reads;
  read_on();
  until([&] { return received.ends_with("bye"); });
  CAF_CHECK_EQUAL(what->reads, reads);
}

CAF_TEST(a connection that is lost tells of everything that waited) {
  reading = false;
  open();
  auto what = content(5'000'000);
  send(what, 1);
  send("behind", 2);
  until([&] { return what->reads > 2; });
  home.remove(peer.get());
  peer.reset();
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(events.size(), 2u);
  CAF_CHECK(has("dropped 1: the connection was lost"));
  CAF_CHECK(has("dropped 2: the connection was lost"));
}

CAF_TEST(what cannot be read before it has begun is dropped alone) {
  open();
  auto broken = content(300'000);
  broken->breaks_at = 0;
  send(broken, 1);
  send("behind", 2);
  until([&] { return has("written 2"); });
  CAF_CHECK(has("dropped 1: its content could not be read"));
  until([&] { return !received.empty(); });
  CAF_CHECK_EQUAL(messages(), "text behind\n");
}

CAF_TEST(what cannot be read to its end closes the connection) {
  open();
  auto broken = content(300'000);
  broken->breaks_at = 128 * 1024;
  send(broken, 1);
  send("behind", 2);
  until([&] { return events.size() == 2; });
  CAF_CHECK(has("dropped 1: its content could not be read"));
  CAF_CHECK(has("dropped 2: a message before it could not be read"));
  CAF_CHECK(!aut->open());
  until([&] { return received.ends_with("a message could not be read"); });
}

CAF_TEST_FIXTURE_SCOPE_END()
