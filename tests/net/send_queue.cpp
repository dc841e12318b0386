#define CAF_SUITE send_queue
#include <caf/test/unit_test.hpp>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "net/send_queue.hpp"

using namespace switchboard::net;

namespace {

frame_ptr text(const std::string& bytes) {
  return outgoing_frame::share(opcode::text,
                               std::make_shared<const std::string>(bytes));
}

frame_ptr control(opcode op, const std::string& bytes = {}) {
  return make_control_frame(op, std::as_bytes(std::span{bytes}));
}

struct fixture {
  send_queue queue;
  std::vector<std::byte> scratch = std::vector<std::byte>(4096);

  /// Everything that one gather offers, as text.
  std::string offered(std::size_t pieces = 64) {
    std::vector<iovec> vectors(pieces);
    std::string result;
    for (auto& piece : queue.gather(vectors, scratch))
      result.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    return result;
  }

  /// Writes everything in pieces of `step` bytes.
  std::string write_all(std::size_t step, std::vector<send_token>& done) {
    std::string result;
    while (!queue.empty()) {
      auto bytes = offered();
      auto n = std::min(step, bytes.size());
      result += bytes.substr(0, n);
      queue.advance(n, done);
    }
    return result;
  }
};

std::string frame(char first, const std::string& body) {
  std::string result{first};
  result += static_cast<char>(body.size());
  return result + body;
}

constexpr auto text_byte = static_cast<char>(0x81);
constexpr auto ping_byte = static_cast<char>(0x89);
constexpr auto pong_byte = static_cast<char>(0x8A);

} // namespace

CAF_TEST_FIXTURE_SCOPE(send_queue_tests, fixture)

CAF_TEST(frames leave in order whatever the cuts of the writes) {
  for (auto step : {1u, 2u, 3u, 7u, 4096u}) {
    queue.push(text("one"), 1);
    queue.push(text(std::string(100, 'x')), 0);
    queue.push(text(""), 3);
    std::vector<send_token> done;
    auto expected = frame(text_byte, "one")
                    + frame(text_byte, std::string(100, 'x'))
                    + frame(text_byte, "");
    CAF_CHECK_EQUAL(write_all(step, done), expected);
    CAF_CHECK((done == std::vector<send_token>{1, 3}));
    CAF_CHECK_EQUAL(queue.bytes(), 0u);
  }
}

CAF_TEST(large frames are not copied and small ones around them are) {
  auto large = std::string(100'000, 'L');
  queue.push(text("a"), 1);
  queue.push(text(large), 2);
  queue.push(text("b"), 3);
  std::array<iovec, 64> vectors;
  auto pieces = queue.gather(vectors, scratch);
  CAF_CHECK_EQUAL(pieces.size(), 4u);
  std::vector<send_token> done;
  auto all = write_all(33'333, done);
  CAF_CHECK_EQUAL(all.size(), 3 + 10 + large.size() + 3);
  CAF_CHECK(all.ends_with(frame(text_byte, "b")));
  CAF_CHECK((done == std::vector<send_token>{1, 2, 3}));
}

CAF_TEST(control frames overtake data but never cut a frame that was begun) {
  queue.push(text("first"), 1);
  queue.push(text("second"), 2);
  std::vector<send_token> done;
  queue.advance(3, done);
  queue.push_control(control(opcode::ping, "1"));
  queue.push_control(control(opcode::pong, "2"));
  CAF_CHECK_EQUAL(queue.control_bytes(), 6u);
  auto rest = write_all(4096, done);
  CAF_CHECK_EQUAL(rest, frame(text_byte, "first").substr(3)
                            + frame(ping_byte, "1") + frame(pong_byte, "2")
                            + frame(text_byte, "second"));
  CAF_CHECK_EQUAL(queue.control_bytes(), 0u);
}

CAF_TEST(a control frame pushed behind the data counts as one) {
  queue.push(text("data"), 1);
  queue.push(control(opcode::close), 0);
  CAF_CHECK_EQUAL(queue.control_bytes(), 2u);
  std::vector<send_token> done;
  write_all(4096, done);
  CAF_CHECK_EQUAL(queue.control_bytes(), 0u);
}

CAF_TEST(dropping spares the frame begun and control frames) {
  queue.push(text("begun"), 1);
  queue.push(text("old"), 2);
  queue.push(text("new"), 3);
  std::vector<send_token> done;
  queue.advance(1, done);
  queue.push_control(control(opcode::ping));
  auto bytes = queue.bytes();
  // Room for one of the two.
  auto dropped = queue.drop_oldest(bytes - 1);
  CAF_CHECK((dropped == std::vector<send_token>{2}));
  CAF_CHECK_EQUAL(queue.bytes(), bytes - 5);
  CAF_CHECK((queue.drop_all() == std::vector<send_token>{3}));
  CAF_CHECK_EQUAL(write_all(4096, done),
                  frame(text_byte, "begun").substr(1) + frame(ping_byte, ""));
  CAF_CHECK((done == std::vector<send_token>{1}));
}

CAF_TEST(more frames than one system call takes are offered in turns) {
  std::string expected;
  for (auto i = 0; i < 500; ++i) {
    auto body = std::to_string(i);
    queue.push(text(body), 0);
    expected += frame(text_byte, body);
  }
  scratch.resize(64);
  CAF_CHECK(offered(4).size() < expected.size());
  std::vector<send_token> done;
  CAF_CHECK_EQUAL(write_all(4096, done), expected);
}

CAF_TEST(what someone else is writing stays and control frames wait behind it) {
  queue.push(text("one"), 1);
  queue.push(text("two"), 2);
  queue.begin();
  auto size = queue.bytes();
  CAF_CHECK_EQUAL(queue.begun_bytes(), size);
  queue.push(text("three"), 3);
  queue.push_control(control(opcode::ping));
  CAF_CHECK((queue.drop_all() == std::vector<send_token>{3}));
  std::vector<send_token> done;
  CAF_CHECK_EQUAL(queue.advance(size, done), 2u);
  CAF_CHECK((done == std::vector<send_token>{1, 2}));
  CAF_CHECK_EQUAL(offered(), std::string("\x89\x00", 2));
}

CAF_TEST(the same frames in many queues are copied together once) {
  auto first = text("one");
  auto second = text("two");
  auto third = text("three");
  write_scratch shared;
  std::array<iovec, 8> vectors;
  auto gather = [&](const send_queue& from) {
    std::string result;
    for (auto& piece : from.gather(vectors, shared))
      result.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    return result;
  };
  auto ones = frame(text_byte, "one");
  auto twos = frame(text_byte, "two");
  send_queue a;
  send_queue b;
  for (auto each : {&a, &b}) {
    each->push(first, 0);
    each->push(second, 0);
  }
  CAF_CHECK_EQUAL(gather(a), ones + twos);
  CAF_CHECK_EQUAL(shared.frames().size(), 2u);
  // Had anybody copied again, this would be gone.
  shared.filled()[2] = std::byte{'O'};
  CAF_CHECK_EQUAL(gather(b), frame(text_byte, "One") + twos);
  // Other frames, more of them, fewer of them, or a piece of one.
  send_queue c;
  c.push(first, 0);
  c.push(third, 0);
  CAF_CHECK_EQUAL(gather(c), ones + frame(text_byte, "three"));
  CAF_CHECK_EQUAL(gather(b), ones + twos);
  b.push(third, 0);
  CAF_CHECK_EQUAL(gather(b), ones + twos + frame(text_byte, "three"));
  std::vector<send_token> done;
  CAF_CHECK_EQUAL(gather(a), ones + twos);
  a.advance(2, done);
  CAF_CHECK_EQUAL(gather(a), (ones + twos).substr(2));
  CAF_CHECK_EQUAL(shared.frames().size(), 0u);
}

CAF_TEST(frames of one queue alone are not kept) {
  queue.push(text("one"), 0);
  queue.push(text("two"), 0);
  write_scratch shared;
  std::array<iovec, 8> vectors;
  CAF_CHECK_EQUAL(queue.gather(vectors, shared).size(), 1u);
  CAF_CHECK(shared.frames().empty());
}

CAF_TEST(an only frame is written from where it lies) {
  auto alone = text("one");
  queue.push(alone, 7);
  CAF_CHECK(queue.alone().data() == alone->leading().data());
  std::vector<send_token> done;
  queue.advance(2, done);
  CAF_CHECK_EQUAL(queue.alone().size(), 3u);
  std::uint64_t messages = 0;
  CAF_CHECK_EQUAL(queue.advance_alone(messages), 7u);
  CAF_CHECK_EQUAL(messages, 1u);
  CAF_CHECK(queue.empty());
  CAF_CHECK_EQUAL(queue.bytes(), 0u);
  queue.push_control(control(opcode::ping));
  CAF_CHECK_EQUAL(queue.advance_alone(messages), 0u);
  CAF_CHECK_EQUAL(messages, 1u);
  CAF_CHECK_EQUAL(queue.control_bytes(), 0u);
  queue.push(text("one"), 0);
  queue.push(text("two"), 0);
  CAF_CHECK(queue.alone().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
