#define CAF_SUITE message_reader

#include "net/message_reader.hpp"

#include <string>

#include <caf/test/unit_test.hpp>

#include "wire_script.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace wire_script;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
const peer client{true};

/// Remembers where the last message lay.
class place_sink : public recorder {
public:
  const std::byte* place = nullptr;

  bool on_message(opcode, std::span<const std::byte> payload) override {
    place = payload.data();
    return true;
  }
};

/// A message of zeros, compressed about a thousandfold.
std::string bomb(std::size_t size) {
  deflater small{15, false, 9, 9};
  std::vector<std::byte> out;
  small.message(std::vector<std::byte>(size), out);
  return std::string{as_text(out)};
}

} // namespace

CAF_TEST(an idle reader is small and holds no buffer) {
  CAF_CHECK(sizeof(message_reader) < 120);
  message_reader reader{role::server, mebibyte, deflate_agreement{}};
  CAF_CHECK_EQUAL(reader.buffered_bytes(), 0u);
  CAF_CHECK(!reader.inside_message());
  CAF_CHECK_EQUAL(play(reader, client.frame(0x02, "a") + client.ping("b")),
                  "ping b\n");
  CAF_CHECK(reader.inside_message());
  CAF_CHECK(reader.buffered_bytes() > 0);
  CAF_CHECK_EQUAL(play(reader, client.frame(0x80, "c")), "binary ac\n");
  CAF_CHECK(!reader.inside_message());
  CAF_CHECK_EQUAL(reader.buffered_bytes(), 0u);
}

CAF_TEST(an unfinished single frame counts as a message begun) {
  message_reader reader{role::server, mebibyte, std::nullopt};
  auto bytes = client.text("hello");
  CAF_CHECK_EQUAL(play(reader, bytes.substr(0, 6)), "");
  CAF_CHECK(reader.inside_message());
  CAF_CHECK_EQUAL(play(reader, bytes.substr(6)), "text hello\n");
  CAF_CHECK(!reader.inside_message());
}

CAF_TEST(a whole plain frame is delivered from where it lies) {
  message_reader reader{role::server, mebibyte, std::nullopt};
  place_sink sink;
  auto bytes = client.text("first") + client.text("second");
  auto span = as_writable_span(bytes);
  CAF_CHECK_EQUAL(reader.consume(span, sink).consumed, bytes.size());
  CAF_CHECK(sink.place == span.data() + bytes.size() - 6);
}

CAF_TEST(memory grows with what arrived and not with what was announced) {
  message_reader reader{role::server, 1024 * mebibyte, std::nullopt};
  play(reader, client.header(0x82, 1000 * mebibyte) + "x");
  CAF_CHECK(reader.inside_message());
  CAF_CHECK(reader.buffered_bytes() <= 64 * 1024);
}

CAF_TEST(a large message memory is given back) {
  message_reader reader{role::server, 8 * mebibyte, std::nullopt};
  auto first = client.frame(0x02, std::string(4 * mebibyte, 'x'));
  play(reader, first + client.frame(0x80, ""));
  CAF_CHECK_EQUAL(reader.buffered_bytes(), 0u);
  play(reader, client.frame(0x02, "y"));
  CAF_CHECK(reader.buffered_bytes() <= 64 * 1024);
}

CAF_TEST(reading stops right behind the frame after which the sink says so) {
  for (auto piece : {client.text("one"), client.ping("one"),
                     client.frame(0x8A, "one"), client.frame(0x82, "")}) {
    message_reader reader{role::server, mebibyte, std::nullopt};
    auto bytes = piece + client.text("two") + client.close(1000);
    auto rest = as_writable_span(bytes);
    recorder sink;
    sink.patience = 1;
    auto [consumed, failure] = reader.consume(rest, sink);
    CAF_CHECK_EQUAL(consumed, piece.size());
    CAF_CHECK_EQUAL(failure.code, 0);
    sink.patience = 1;
    sink.events.clear();
    rest = rest.subspan(consumed);
    CAF_CHECK_EQUAL(reader.consume(rest, sink).consumed,
                    client.text("two").size());
    CAF_CHECK_EQUAL(sink.events, "text two\n");
  }
}

CAF_TEST(reading stops behind a fragmented and behind a compressed message) {
  message_reader reader{role::server, mebibyte, deflate_agreement{}};
  auto compressed = client.frame(0xC1, bomb(100));
  auto bytes = client.frame(0x01, "a") + client.frame(0x80, "b") + compressed
               + client.ping("");
  auto rest = as_writable_span(bytes);
  recorder sink;
  sink.patience = 1;
  auto consumed = reader.consume(rest, sink).consumed;
  CAF_CHECK_EQUAL(consumed, client.frame(0x01, "a").size() * 2);
  sink.patience = 1;
  CAF_CHECK_EQUAL(reader.consume(rest.subspan(consumed), sink).consumed,
                  compressed.size());
}

CAF_TEST(the close frame is the last that is taken) {
  message_reader reader{role::server, mebibyte, std::nullopt};
  auto bytes = client.close(4000, "x") + client.text("late");
  recorder sink;
  auto [consumed, failure] = reader.consume(as_writable_span(bytes), sink);
  CAF_CHECK_EQUAL(consumed, client.close(4000, "x").size());
  CAF_CHECK_EQUAL(failure.code, 0);
  CAF_CHECK_EQUAL(sink.events, "close 4000 x\n");
  auto late = client.text("late");
  CAF_CHECK_EQUAL(reader.consume(as_writable_span(late), sink).consumed, 0u);
  CAF_CHECK_EQUAL(sink.events, "close 4000 x\n");
}

CAF_TEST(nothing is taken after a failure) {
  message_reader reader{role::server, mebibyte, std::nullopt};
  CAF_CHECK_EQUAL(play(reader, client.frame(0x83, "")), "fail 1002\n");
  auto late = client.text("late");
  recorder sink;
  CAF_CHECK_EQUAL(reader.consume(as_writable_span(late), sink).consumed, 0u);
  CAF_CHECK_EQUAL(sink.events, "");
}

CAF_TEST(ten thousand pings in one piece are all found) {
  message_reader reader{role::server, mebibyte, std::nullopt};
  std::string bytes;
  std::string events;
  for (auto i = 0; i < 10'000; ++i) {
    bytes += client.ping(std::to_string(i));
    events += "ping " + std::to_string(i) + "\n";
  }
  CAF_CHECK(play(reader, bytes) == events);
}

CAF_TEST(a decompression bomb is stopped at the limit) {
  message_reader reader{role::server, mebibyte, deflate_agreement{}};
  auto bytes = client.frame(0xC2, bomb(64 * mebibyte));
  CAF_CHECK(bytes.size() < mebibyte);
  CAF_CHECK_EQUAL(play(reader, bytes), "fail 1009\n");
  CAF_CHECK_EQUAL(reader.buffered_bytes(), 0u);
}

CAF_TEST(a message inflates to exactly the limit) {
  message_reader reader{role::server, mebibyte, deflate_agreement{}};
  auto seen = play(reader, client.frame(0xC2, bomb(mebibyte)));
  CAF_CHECK(seen.starts_with("binary 1048576 bytes"));
  message_reader smaller{role::server, mebibyte - 1, deflate_agreement{}};
  CAF_CHECK_EQUAL(play(smaller, client.frame(0xC2, bomb(mebibyte))),
                  "fail 1009\n");
}

CAF_TEST(each role inflates with the other side parameters) {
  deflate_agreement asymmetric;
  asymmetric.client_no_context_takeover = true;
  auto hello = octets({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0});
  auto again = octets({0xf2, 0x00, 0x11, 0x00, 0x00});
  message_reader server{role::server, mebibyte, asymmetric};
  CAF_CHECK_EQUAL(
      play(server, client.frame(0xC1, hello) + client.frame(0xC1, again)),
      "text Hello\nfail 1007\n");
  peer other{false};
  message_reader reading_client{role::client, mebibyte, asymmetric};
  CAF_CHECK_EQUAL(
      play(reading_client, other.frame(0xC1, hello) + other.frame(0xC1, again)),
      "text Hello\ntext Hello\n");
}
