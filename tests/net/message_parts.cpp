#define CAF_SUITE message_parts

#include <string>

#include <caf/test/unit_test.hpp>

#include "net/deflate.hpp"
#include "wire_script.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace wire_script;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
constexpr std::uint32_t part_size = 1000;
const peer client{true};

/// Joins the parts of messages again.
class collector : public recorder {
public:
  std::string parts;
  std::string joined;
  std::size_t most = 0;
  bool go_on = true;

  bool on_part(opcode op, std::span<const std::byte> bytes,
               part_place place) override {
    parts += place.first ? "<" : "";
    parts += op == opcode::text ? "t" : "b";
    parts += place.last ? ">" : "";
    if (place.first)
      joined.clear();
    joined += as_text(bytes);
    most = std::max(most, bytes.size());
    return go_on;
  }
};

std::string noise(std::size_t size) {
  std::string result;
  std::uint32_t state = 1;
  while (result.size() < size) {
    state = state * 1664525 + 1013904223;
    result += static_cast<char>(state >> 24);
  }
  return result;
}

/// Feeds everything in pieces.
/// @returns what ended it; 0: nothing.
int feed(message_reader& reader, message_sink& sink, std::string bytes,
         std::size_t piece) {
  auto rest = as_writable_span(bytes);
  while (!rest.empty()) {
    auto now = rest.first(std::min(piece, rest.size()));
    auto [consumed, failure] = reader.consume(now, sink);
    if (failure.code != 0)
      return failure.code;
    rest = rest.subspan(consumed);
  }
  return 0;
}

message_reader make_reader(std::size_t limit = mebibyte) {
  message_reader result{role::server, limit, std::nullopt};
  result.deliver_parts(part_size);
  return result;
}

std::string deflated(std::string_view text) {
  deflater small{15, false, 6, 8};
  std::vector<std::byte> out;
  small.message(as_span(text), out);
  return std::string{as_text(out)};
}

} // namespace

CAF_TEST(what is small or whole comes as a message) {
  auto reader = make_reader();
  collector sink;
  CAF_CHECK_EQUAL(feed(reader, sink,
                       client.frame(0x02, "ab") + client.frame(0x80, "c")
                           + client.frame(0x82, std::string(5000, 'x')),
                       mebibyte),
                  0);
  CAF_CHECK_EQUAL(sink.parts, "");
  CAF_CHECK(sink.events.starts_with("binary abc\nbinary 5000 bytes "));
}

CAF_TEST(a large message comes in parts whatever the cuts) {
  auto content = noise(20'000);
  for (std::size_t piece : {1u, 7u, 999u, 4096u, 20'000u})
    for (auto fragments : {1, 3}) {
      auto reader = make_reader();
      collector sink;
      std::string bytes;
      auto size = content.size() / static_cast<std::size_t>(fragments) + 1;
      for (auto i = 0; i < fragments; ++i)
        bytes += client.frame(
            (i == 0 ? 0x02 : 0) | (i + 1 == fragments ? 0x80 : 0),
            content.substr(static_cast<std::size_t>(i) * size, size));
      CAF_CHECK_EQUAL(feed(reader, sink, bytes + client.text("next"), piece),
                      0);
      CAF_CHECK(sink.joined == content);
      CAF_CHECK(sink.parts.starts_with("<b"));
      CAF_CHECK(sink.parts.ends_with("b>"));
      CAF_CHECK_EQUAL(sink.events, "text next\n");
      CAF_CHECK(sink.most <= std::max<std::size_t>(piece, part_size));
      CAF_CHECK_EQUAL(reader.buffered_bytes(), 0u);
      CAF_CHECK(!reader.inside_message());
    }
}

CAF_TEST(nothing of a large message is gathered beyond a part) {
  auto reader = make_reader();
  collector sink;
  feed(reader, sink, client.header(0x82, 500'000), 100);
  for (auto i = 0; i < 400; ++i)
    feed(reader, sink, std::string(1'000, 'x'), 100);
  CAF_CHECK(reader.buffered_bytes() <= 2 * part_size);
  CAF_CHECK_EQUAL(sink.joined.size(), 400'000u);
}

CAF_TEST(control frames pass between the parts) {
  auto reader = make_reader();
  collector sink;
  feed(reader, sink,
       client.frame(0x02, noise(3000)) + client.ping("p")
           + client.frame(0x80, noise(3000)),
       500);
  CAF_CHECK_EQUAL(sink.events, "ping p\n");
  CAF_CHECK(sink.joined == noise(3000) + noise(3000));
}

CAF_TEST(the limit counts what was delivered) {
  auto reader = make_reader(10'000);
  collector sink;
  CAF_CHECK_EQUAL(
      feed(reader, sink,
           client.frame(0x02, noise(6000)) + client.frame(0x80, noise(4001)),
           500),
      1009);
  CAF_CHECK_EQUAL(sink.parts.find('>'), std::string::npos);
  auto other = make_reader(10'000);
  collector good;
  CAF_CHECK_EQUAL(
      feed(other, good,
           client.frame(0x02, noise(6000)) + client.frame(0x80, noise(4000)),
           500),
      0);
  CAF_CHECK(good.parts.ends_with(">"));
}

CAF_TEST(text in parts is checked over the cuts) {
  std::string text;
  while (text.size() < 9'000)
    text += "aé€😀";
  for (std::size_t piece : {333u, 1001u, 1002u}) {
    auto reader = make_reader();
    collector sink;
    CAF_CHECK_EQUAL(feed(reader, sink, client.text(text), piece), 0);
    CAF_CHECK(sink.joined == text);
    CAF_CHECK(sink.parts.starts_with("<t"));
  }
  auto reader = make_reader();
  collector sink;
  CAF_CHECK_EQUAL(feed(reader, sink, client.text(text + "\xC3("), 500), 1007);
  CAF_CHECK(sink.joined.size() >= text.size() - 500);
  auto cut = make_reader();
  CAF_CHECK_EQUAL(feed(cut, sink, client.text(text + "\xE2\x82"), 500), 1007);
  CAF_CHECK_EQUAL(sink.parts.find('>'), std::string::npos);
}

CAF_TEST(a compressed message is inflated part by part) {
  auto content = noise(30'000) + std::string(200'000, 'z') + noise(3'000);
  for (std::size_t piece : {100u, 5'000u, 65'536u}) {
    message_reader reader{role::server, mebibyte, deflate_agreement{}};
    reader.deliver_parts(part_size);
    collector sink;
    CAF_CHECK_EQUAL(
        feed(reader, sink, client.frame(0xC2, deflated(content)), piece), 0);
    CAF_CHECK(sink.joined == content);
    CAF_CHECK(sink.parts.ends_with("b>"));
  }
}

CAF_TEST(a compressed bomb stops where its consumer says stop) {
  auto bomb = deflated(std::string(8 * mebibyte, '\0'));
  message_reader reader{role::server, 16 * mebibyte, deflate_agreement{}};
  reader.deliver_parts(part_size);
  collector sink;
  sink.go_on = false;
  auto bytes = client.frame(0xC2, bomb);
  auto [consumed, failure] = reader.consume(as_writable_span(bytes), sink);
  CAF_CHECK_EQUAL(failure.code, 0);
  CAF_CHECK(consumed < bytes.size());
  CAF_CHECK(sink.joined.size() <= 2 * mebibyte);
  // It goes on where it stopped.
  sink.go_on = true;
  std::string rest = bytes.substr(consumed);
  CAF_CHECK_EQUAL(feed(reader, sink, rest, 65'536), 0);
  CAF_CHECK(sink.joined == std::string(8 * mebibyte, '\0'));
}

CAF_TEST(a compressed message beyond the limit fails in parts as well) {
  message_reader reader{role::server, 50'000, deflate_agreement{}};
  reader.deliver_parts(part_size);
  collector sink;
  CAF_CHECK_EQUAL(
      feed(reader, sink, client.frame(0xC2, deflated(noise(50'001))), 700),
      1009);
  CAF_CHECK(sink.joined.size() <= 50'000u);
  CAF_CHECK_EQUAL(sink.parts.find('>'), std::string::npos);
}

CAF_TEST(who does not ask for parts gets none) {
  message_reader reader{role::server, mebibyte, std::nullopt};
  collector sink;
  feed(reader, sink, client.frame(0x82, noise(200'000)), 65'536);
  CAF_CHECK_EQUAL(sink.parts, "");
  CAF_CHECK(sink.events.starts_with("binary 200000 bytes"));
}
