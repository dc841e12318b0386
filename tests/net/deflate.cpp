#define CAF_SUITE deflate

#include "net/deflate.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

#include "wire_script.hpp"

using namespace switchboard::net;
using namespace wire_script;

namespace {

using buffer = std::vector<std::byte>;

constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

buffer random_bytes(std::size_t size, unsigned letters) {
  std::mt19937 dice{static_cast<unsigned>(size) + letters};
  std::uniform_int_distribution<unsigned> letter{0, letters - 1};
  buffer result(size);
  std::generate(result.begin(), result.end(),
                [&] { return static_cast<std::byte>(letter(dice)); });
  return result;
}

/// Repeats itself over 250 to 33,000 bytes: within, at the edge of
/// and beyond the windows.
buffer far_matches() {
  buffer result;
  for (std::size_t distance : {250, 256, 300, 5000, 33'000}) {
    auto block = random_bytes(distance, 256);
    result.insert(result.end(), block.begin(), block.end());
    result.insert(result.end(), block.begin(), block.end());
  }
  return result;
}

const std::vector<buffer>& samples() {
  static const std::vector<buffer> result{
      {},
      random_bytes(1, 256),
      random_bytes(5, 256),
      {},
      {},
      random_bytes(300, 2),
      random_bytes(20'000, 3),
      random_bytes(40'000, 256),
      buffer(100'000),
      far_matches(),
      random_bytes(16 * 1024, 256),
      random_bytes(1, 2),
  };
  return result;
}

buffer compress(deflater& with, const buffer& in) {
  buffer out;
  with.message(in, out);
  return out;
}

/// @param piece bytes of input at a time; 0: all.
inflate_result inflate(inflater& with, const buffer& in, std::size_t piece,
                       buffer& out, std::size_t limit = no_limit) {
  auto rest = std::span<const std::byte>{in};
  while (piece != 0 && rest.size() > piece) {
    auto result = with.feed(rest.first(piece), false, out, limit);
    if (result != inflate_result::ok)
      return result;
    rest = rest.subspan(piece);
  }
  return with.feed(rest, true, out, limit);
}

} // namespace

CAF_TEST(messages survive every window and takeover) {
  for (auto bits = 8; bits <= 15; ++bits) {
    for (auto no_takeover : {false, true}) {
      for (std::size_t piece : {0, 13, 1000}) {
        deflater out_side{bits, no_takeover, 6, 8};
        inflater in_side{bits, no_takeover};
        for (auto& sample : samples()) {
          auto wire = compress(out_side, sample);
          buffer seen;
          CAF_REQUIRE(inflate(in_side, wire, piece, seen)
                      == inflate_result::ok);
          CAF_REQUIRE(seen == sample);
        }
      }
    }
  }
}

CAF_TEST(messages survive every level and memory level) {
  for (auto level = 0; level <= 9; ++level) {
    for (auto memory_level : {1, 5, 9}) {
      deflater out_side{15, false, level, memory_level};
      inflater in_side{15, false};
      for (auto& sample : samples()) {
        buffer seen;
        CAF_REQUIRE(inflate(in_side, compress(out_side, sample), 0, seen)
                    == inflate_result::ok);
        CAF_REQUIRE(seen == sample);
      }
    }
  }
}

CAF_TEST(a small window is never overstepped by a smaller one sender) {
  // RFC 7692 §7.1.2: a receiver with a larger window reads all smaller ones.
  for (auto theirs = 8; theirs <= 15; ++theirs) {
    deflater out_side{theirs, false, 9, 9};
    inflater in_side{15, false};
    for (auto& sample : samples()) {
      buffer seen;
      CAF_REQUIRE(inflate(in_side, compress(out_side, sample), 7, seen)
                  == inflate_result::ok);
      CAF_REQUIRE(seen == sample);
    }
  }
}

CAF_TEST(the window is taken over or is not ) {
  auto sample = random_bytes(1000, 256);
  deflater keeps{15, false, 6, 8};
  auto first = compress(keeps, sample).size();
  CAF_CHECK(compress(keeps, sample).size() < first / 10);
  deflater forgets{15, true, 6, 8};
  first = compress(forgets, sample).size();
  CAF_CHECK_EQUAL(compress(forgets, sample).size(), first);
}

CAF_TEST(output is appended) {
  auto sample = random_bytes(100, 4);
  deflater out_side{15, false, 6, 8};
  buffer wire(3, std::byte{'x'});
  out_side.message(sample, wire);
  CAF_CHECK(wire[2] == std::byte{'x'});
  inflater in_side{15, false};
  buffer seen(2, std::byte{'y'});
  CAF_CHECK(in_side.feed(std::span{wire}.subspan(3), true, seen, no_limit)
            == inflate_result::ok);
  CAF_CHECK_EQUAL(seen.size(), 102u);
  CAF_CHECK(seen[1] == std::byte{'y'});
  CAF_CHECK(std::equal(sample.begin(), sample.end(), seen.begin() + 2));
}

CAF_TEST(the output never outgrows the limit) {
  for (std::size_t size : {1, 100, 16 * 1024, 100'000}) {
    deflater out_side{15, false, 9, 9};
    auto wire = compress(out_side, buffer(size));
    for (std::size_t limit :
         {std::size_t{0}, size / 2, size - 1, size, size + 1}) {
      for (std::size_t piece : {0, 1, 10}) {
        inflater in_side{15, false};
        buffer seen;
        auto result = inflate(in_side, wire, piece, seen, limit);
        CAF_CHECK(
            result
            == (limit < size ? inflate_result::too_large : inflate_result::ok));
        CAF_CHECK(seen.size() <= limit);
      }
    }
  }
}

CAF_TEST(an output already beyond the limit takes nothing) {
  deflater out_side{15, false, 9, 9};
  auto wire = compress(out_side, buffer(10));
  inflater in_side{15, false};
  buffer seen(20);
  CAF_CHECK(in_side.feed(wire, true, seen, 15) == inflate_result::too_large);
  CAF_CHECK_EQUAL(seen.size(), 20u);
}

CAF_TEST(a gibibyte of nothing costs no more than the limit) {
  deflater out_side{15, false, 9, 9};
  buffer wire;
  for (auto i = 0; i < 8; ++i) {
    out_side.message(buffer(1024 * 1024), wire);
    for (auto octet : {0, 0, 0xFF, 0xFF})
      wire.push_back(static_cast<std::byte>(octet));
  }
  inflater in_side{15, false};
  buffer seen;
  CAF_CHECK(in_side.feed(wire, true, seen, 4096) == inflate_result::too_large);
  CAF_CHECK(seen.size() <= 4096);
  CAF_CHECK(seen.capacity() <= 64 * 1024);
}

CAF_TEST(what is no deflate stream is corrupt) {
  struct row {
    std::string what;
    std::string bytes;
  };
  std::vector<row> rows{
      {"reserved block type", octets({0x06})},
      {"stored length and its complement", octets({0, 5, 0, 0, 0})},
      {"too many length codes", octets({0xFC, 0xFF, 0xFF, 0xFF, 0xFF})},
      {"distance before the begin", octets({0x02, 0x03, 0, 0, 0})},
      {"cut in a fixed block", octets({0xf2, 0x48, 0xcd})},
      {"cut in a stored block's header", octets({0, 5, 0})},
      {"cut in a stored block", octets({0, 5, 0, 0xfa, 0xff, 'a'})},
      {"cut in a dynamic block's header", octets({0x04, 0xC0})},
  };
  for (auto& [what, bytes] : rows) {
    inflater in_side{15, false};
    buffer seen;
    auto result = in_side.feed(as_span(bytes), true, seen, 1000);
    CAF_CHECK_EQUAL(what + (result == inflate_result::corrupt ? "" : " read"),
                    what);
  }
}

CAF_TEST(blocks that end the stream begin another one) {
  auto final_hello = octets({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0});
  inflater in_side{15, false};
  buffer seen;
  auto twice = final_hello + final_hello + octets({0});
  CAF_CHECK(in_side.feed(as_span(twice), true, seen, 1000)
            == inflate_result::ok);
  CAF_CHECK_EQUAL(as_text(seen), "HelloHello");
  // Bytes that the inflater looked at ahead belong to the block behind, in
  // whatever cut they came.
  auto blocks = octets({0x0b, 0x80, 0x80, 0x0b, 0x80}) + final_hello
                + final_hello + octets({0x03, 0, 0x03, 0}) + final_hello;
  for (auto& end : {octets({0}), octets({})}) {
    for (std::size_t piece = 1; piece <= blocks.size() + 1; ++piece) {
      auto bytes = blocks + end;
      auto span = as_span(bytes);
      buffer wire(span.begin(), span.end());
      inflater cut{15, false};
      for (auto round = 0; round < 2; ++round) {
        buffer out;
        CAF_CHECK(inflate(cut, wire, piece, out) == inflate_result::ok);
        CAF_CHECK_EQUAL(as_text(out), "PPPPPPP\xD0HelloHelloHello");
      }
    }
  }
  seen.clear();
  std::string many;
  for (auto i = 0; i < 10'000; ++i)
    many += octets({0x03, 0x00});
  CAF_CHECK(in_side.feed(as_span(many), true, seen, 1000)
            == inflate_result::ok);
  CAF_CHECK(seen.empty());
}

CAF_TEST(a full output at a block end loses nothing) {
  // The piece that the inflater works through is filled to its last byte.
  for (auto size = 16 * 1024 - 3; size <= 16 * 1024 + 3; ++size) {
    auto sample = random_bytes(static_cast<std::size_t>(size), 256);
    deflater out_side{15, false, 0, 8};
    inflater in_side{15, false};
    for (auto i = 0; i < 3; ++i) {
      buffer seen;
      CAF_CHECK(inflate(in_side, compress(out_side, sample), 0, seen)
                == inflate_result::ok);
      CAF_CHECK(seen == sample);
    }
  }
}
