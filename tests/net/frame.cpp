#define CAF_SUITE frame

#include "net/frame.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

#include "wire_script.hpp"

using namespace switchboard::net;
using namespace wire_script;

namespace {

const mask_key key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

} // namespace

CAF_TEST(headers are written in shortest form and read back) {
  struct row {
    std::uint64_t length;
    std::size_t size;
  };
  for (auto [length, size] :
       {row{0, 2}, row{125, 2}, row{126, 4}, row{65535, 4}, row{65536, 10},
        row{0x7FFF'FFFF'FFFF'FFFF, 10}}) {
    for (auto fin : {false, true}) {
      for (auto rsv1 : {false, true}) {
        for (auto* mask : {static_cast<const mask_key*>(nullptr), &key}) {
          std::array<std::byte, max_header_bytes> bytes{};
          auto written =
              write_header(bytes, opcode::binary, length, fin, rsv1, mask);
          CAF_CHECK_EQUAL(written, size + (mask != nullptr ? 4 : 0));
          frame_header header;
          std::size_t read = 0;
          for (std::size_t part = 0; part < written; ++part)
            CAF_CHECK(read_header(std::span{bytes}.first(part), header, read)
                      == header_result::need_more);
          CAF_CHECK(read_header(bytes, header, read)
                    == header_result::complete);
          CAF_CHECK_EQUAL(read, written);
          CAF_CHECK_EQUAL(header.payload_length, length);
          CAF_CHECK_EQUAL(header.fin, fin);
          CAF_CHECK_EQUAL(header.rsv1, rsv1);
          CAF_CHECK(!header.rsv2 && !header.rsv3);
          CAF_CHECK_EQUAL(header.raw_opcode, 2);
          CAF_CHECK_EQUAL(header.masked, mask != nullptr);
          if (mask != nullptr)
            CAF_CHECK(header.key == key);
        }
      }
    }
  }
}

CAF_TEST(the examples of RFC 6455 5.7 are written as they stand there) {
  std::array<std::byte, max_header_bytes> bytes{};
  auto written = [&](std::size_t size) {
    return std::string{as_text(std::span{bytes}.first(size))};
  };
  CAF_CHECK(written(write_header(bytes, opcode::text, 5))
            == octets({0x81, 0x05}));
  mask_key sample{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21},
                  std::byte{0x3d}};
  CAF_CHECK(written(write_header(bytes, opcode::text, 5, true, false, &sample))
            == octets({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d}));
  CAF_CHECK(written(write_header(bytes, opcode::continuation, 2))
            == octets({0x80, 0x02}));
  CAF_CHECK(written(write_header(bytes, opcode::binary, 256))
            == octets({0x82, 0x7E, 0x01, 0x00}));
  CAF_CHECK(written(write_header(bytes, opcode::binary, 65536))
            == octets({0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0}));
  std::string hello = "Hello";
  apply_mask(as_writable_span(hello), sample);
  CAF_CHECK(hello == octets({0x7f, 0x9f, 0x4d, 0x51, 0x58}));
}

CAF_TEST(lengths that are not in shortest form are refused) {
  frame_header header;
  std::size_t size = 0;
  for (auto& bytes :
       {octets({0x82, 126, 0, 125}), octets({0x82, 126, 0, 0}),
        octets({0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}),
        octets({0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}),
        octets({0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})})
    CAF_CHECK(read_header(as_span(bytes), header, size)
              == header_result::bad_length);
}

CAF_TEST(masking works for every length offset and alignment) {
  for (std::size_t length = 0; length < 70; ++length) {
    for (std::uint64_t offset = 0; offset < 9; ++offset) {
      for (std::size_t shift = 0; shift < 8; ++shift) {
        std::vector<std::byte> bytes(shift + length + 8, std::byte{0xAA});
        apply_mask(std::span{bytes}.subspan(shift, length), key, offset);
        auto right = true;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
          auto expected = std::byte{0xAA};
          if (i >= shift && i < shift + length)
            expected ^= key[(i - shift + offset) % 4];
          right = right && bytes[i] == expected;
        }
        CAF_REQUIRE(right);
      }
    }
  }
}
