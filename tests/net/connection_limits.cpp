#define CAF_SUITE connection_limits
#include <caf/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "net/connection.hpp"
#include "net/memory_account.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace std::chrono_literals;

namespace {

/// A server's connection; the test is its peer.
struct fixture : connection_observer, turn_hook {
  loop home;
  connection_options options;
  std::unique_ptr<connection> aut;
  unique_fd peer;
  std::vector<std::string> messages;
  std::vector<std::string> dropped;
  std::optional<connection_end> end;
  bool starves = false;
  std::function<bool()> condition;
  clock::time_point deadline;

  fixture() {
    memory_account::attach(&home.traffic().held_bytes);
  }

  virtual ~fixture() {
    aut.reset();
    memory_account::attach(nullptr);
  }

  void open() {
    int ends[2];
    CAF_REQUIRE_EQUAL(
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    peer = unique_fd{ends[1]};
    aut = std::make_unique<connection>(
        home, make_plain_wire(unique_fd{ends[0]}),
        std::make_shared<const connection_options>(options), std::nullopt);
    aut->start(*this, {}, false);
  }

  bool on_message(opcode, std::span<const std::byte> content) override {
    if (starves)
      throw std::bad_alloc{};
    messages.emplace_back(reinterpret_cast<const char*>(content.data()),
                          content.size());
    return true;
  }

  void on_written(send_token) override {}

  void on_dropped(send_token token, drop_cause, std::string_view why) override {
    dropped.push_back(std::to_string(token) + " " + std::string{why});
  }

  void on_end(connection_end&& what) override {
    end = std::move(what);
    home.dispose(std::move(aut));
  }

  bool on_turn() override {
    return false;
  }

  bool on_flushed() override {
    if (condition() || clock::now() > deadline)
      home.stop();
    return false;
  }

  /// Turns the loop until something holds, for at most 10 s.
  void until(std::function<bool()> what) {
    struct alarm final : timer {
      void on_timer() override {}
    };
    alarm limit;
    condition = std::move(what);
    deadline = clock::now() + 10s;
    home.arm(limit, deadline + 1ms);
    home.wake();
    home.run(*this);
    CAF_CHECK(condition());
  }

  static std::string masked(opcode op, const std::string& body,
                            bool fin = true) {
    mask_key key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    auto frame =
        outgoing_frame::copy(op, std::as_bytes(std::span{body}), false, &key);
    std::string bytes{reinterpret_cast<const char*>(frame->leading().data()),
                      frame->size()};
    if (!fin)
      bytes[0] = static_cast<char>(bytes[0] & 0x7F);
    return bytes;
  }

  void peer_writes(const std::string& bytes) {
    CAF_REQUIRE_EQUAL(::send(peer.get(), bytes.data(), bytes.size(), 0),
                      static_cast<ssize_t>(bytes.size()));
  }

  void peer_sends(std::size_t count, const std::string& body) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
      all += masked(opcode::text, body);
    peer_writes(all);
  }

  /// What the peer finds to read by now.
  std::string peer_reads() {
    std::string result(1 << 20, '\0');
    auto n = ::recv(peer.get(), result.data(), result.size(), 0);
    result.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return result;
  }

  std::int64_t held() {
    return static_cast<std::int64_t>(home.traffic().held_bytes.get());
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(connection_limits_tests, fixture)

CAF_TEST(a peer that is too fast is read when its next message is due) {
  options.rate = {20, 0, rate_limit_action::pause};
  open();
  auto begin = clock::now();
  peer_sends(25, "m");
  until([&] { return messages.size() >= 20; });
  // They lie in one read.
  CAF_CHECK_EQUAL(messages.size(), 20u);
  CAF_CHECK_EQUAL(home.traffic().message_rates.get(), 1u);
  until([&] { return messages.size() >= 25; });
  CAF_CHECK(clock::now() - begin >= 250ms);
  CAF_CHECK(aut->open());
}

CAF_TEST(a peer that is just fast enough is not held up) {
  options.rate = {20, 10'000, rate_limit_action::close};
  open();
  peer_sends(20, "m");
  until([&] { return messages.size() == 20; });
  CAF_CHECK_EQUAL(home.traffic().message_rates.get(), 0u);
  CAF_CHECK_EQUAL(home.traffic().byte_rates.get(), 0u);
  CAF_CHECK(aut->open());
}

CAF_TEST(one message too many closes with 1008 where the action says so) {
  options.rate = {20, 0, rate_limit_action::close};
  options.close_timeout = 20ms;
  open();
  peer_sends(22, "m");
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(messages.size(), 20u);
  CAF_CHECK_EQUAL(end->code, close_codes::policy_violation);
  CAF_CHECK_EQUAL(end->reason, "message rate exceeded");
  CAF_CHECK(end->by == closed_by::limit);
  CAF_CHECK_EQUAL(home.traffic().message_rates.get(), 1u);
}

CAF_TEST(bytes are counted as they come with or without messages in them) {
  options.rate = {0, 1000, rate_limit_action::close};
  options.close_timeout = 20ms;
  open();
  // A message that never ends and has nothing in it.
  peer_writes(masked(opcode::text, "", false));
  auto nothing = masked(opcode::continuation, "", false);
  std::size_t sent = 0;
  until([&] {
    if (!end
        && ::send(peer.get(), nothing.data(), nothing.size(), MSG_NOSIGNAL) > 0)
      ++sent;
    return end.has_value();
  });
  CAF_CHECK(sent * nothing.size() >= 1000 - nothing.size());
  CAF_CHECK_EQUAL(end->reason, "byte rate exceeded");
  CAF_CHECK(messages.empty());
}

CAF_TEST(too many bytes make the peer wait and lose nothing) {
  options.rate = {0, 10'000, rate_limit_action::pause};
  open();
  auto begin = clock::now();
  peer_sends(3, std::string(4000, 'x'));
  until([&] { return messages.size() == 3; });
  peer_sends(1, "last");
  until([&] { return messages.size() == 4; });
  // 12,000 bytes and some are 0.2 s more than the bucket held.
  CAF_CHECK(clock::now() - begin >= 200ms);
  CAF_CHECK_EQUAL(messages.back(), "last");
  CAF_CHECK_EQUAL(home.traffic().byte_rates.get(), 1u);
}

CAF_TEST(pings count as messages) {
  options.rate = {5, 0, rate_limit_action::close};
  options.close_timeout = 20ms;
  open();
  std::string all;
  for (auto i = 0; i < 6; ++i)
    all += masked(opcode::ping, "");
  peer_writes(all);
  until([&] { return end.has_value(); });
  CAF_CHECK(end->by == closed_by::limit);
}

CAF_TEST(a peer that waits for its turn is not taken for dead) {
  options.rate = {2, 0, rate_limit_action::pause};
  options.ping_interval = 20ms;
  options.idle_timeout = 40ms;
  open();
  peer_sends(3, "m");
  // Waits for half a second and answers no ping.
  until([&] { return messages.size() == 3 || end.has_value(); });
  CAF_CHECK(!end);
}

CAF_TEST(what a connection holds is accounted and given back) {
  auto before = held();
  options.max_message_size = 1 << 20;
  options.close_timeout = 20ms;
  open();
  auto quiet = held() - before;
  CAF_CHECK(quiet >= 2048);
  CAF_CHECK(quiet <= 8192);
  // Half a message.
  auto frame = masked(opcode::binary, std::string(100'000, 'x'));
  peer_writes(frame.substr(0, 80'000));
  until([&] { return aut->shed_bytes() >= 70'000; });
  CAF_CHECK(held() - before - quiet >= 70'000);
  peer_writes(frame.substr(80'000));
  until([&] { return messages.size() == 1; });
  CAF_CHECK_EQUAL(held() - before, quiet);
  // What the peer does not read.
  std::string body(100'000, 'x');
  for (auto i = 0; i < 8; ++i)
    aut->send(opcode::binary, std::as_bytes(std::span{body}));
  CAF_CHECK(held() - before - quiet >= 800'000);
  until([&] { return aut->queued_bytes() < 800'000; });
  aut->abort("over");
  until([&] { return end.has_value() && !aut; });
  CAF_CHECK_EQUAL(held(), before);
}

CAF_TEST(frames that many hold are accounted once) {
  auto before = held();
  outgoing_message message{opcode::binary,
                           std::make_shared<const std::string>(100'000, 'x')};
  std::vector<frame_ptr> holders(100, message.plain());
  CAF_CHECK(held() - before >= 100'000);
  CAF_CHECK(held() - before < 110'000);
  holders.clear();
  message = {};
  CAF_CHECK_EQUAL(held(), before);
}

CAF_TEST(a connection that is shed lets go at once and closes with 1013) {
  options.close_timeout = 20ms;
  open();
  auto quiet = held();
  std::string body(100'000, 'x');
  for (send_token token = 1; token <= 8; ++token)
    aut->send(opcode::binary, std::as_bytes(std::span{body}), token);
  auto frame = masked(opcode::binary, body);
  peer_writes(frame.substr(0, 50'000));
  until([&] { return aut->shed_bytes() > 800'000 - 300'000 + 50'000; });
  aut->shed();
  // The frame begun cannot be taken back.
  CAF_CHECK(held() - quiet < 300'000);
  CAF_CHECK(!dropped.empty());
  CAF_CHECK_EQUAL(dropped.back(), "8 memory has run out");
  CAF_CHECK(!aut->open());
  // What comes now is thrown away.
  peer_writes(frame.substr(50'000) + masked(opcode::text, "more"));
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(end->code, close_codes::try_again_later);
  CAF_CHECK(end->by == closed_by::limit);
  CAF_CHECK(messages.empty());
}

CAF_TEST(a peer goes whose message there is no memory for) {
  open();
  peer_writes(masked(opcode::text, "good"));
  until([&] { return !messages.empty(); });
  starves = true;
  // What is read in one piece with it is thrown away as well.
  peer_writes(masked(opcode::text, "bad") + masked(opcode::text, "late"));
  std::string got;
  until([&] {
    got += peer_reads();
    return got.size() >= 17;
  });
  CAF_CHECK_EQUAL(got, "\x88\x0F\x03\xF5out of memory");
  starves = false;
  peer_writes(masked(opcode::text, "later"));
  peer.reset();
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(end->code, close_codes::try_again_later);
  CAF_CHECK(end->by == closed_by::limit);
  CAF_CHECK_EQUAL(messages.size(), 1u);
  CAF_CHECK_EQUAL(home.traffic().starved.get(), 1u);
}

CAF_TEST(a peer that reads gets the close frame of a connection that is shed) {
  open();
  aut->shed();
  std::string got;
  until([&] {
    got += peer_reads();
    return got.size() >= 4;
  });
  CAF_CHECK_EQUAL(got.substr(0, 4), "\x88\x0F\x03\xF5");
  CAF_CHECK_EQUAL(got.substr(4), "out of memory");
  peer_writes(masked(opcode::close, "\x03\xF5"));
  peer.reset();
  until([&] { return end.has_value(); });
  CAF_CHECK_EQUAL(end->code, close_codes::try_again_later);
}

CAF_TEST_FIXTURE_SCOPE_END()
