#include "net/frame.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace switchboard::net {

namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t rsv1_bit = 0x40;
constexpr std::uint8_t rsv2_bit = 0x20;
constexpr std::uint8_t rsv3_bit = 0x10;
constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7F;
constexpr std::uint8_t length_is_16_bits = 126;
constexpr std::uint8_t length_is_64_bits = 127;

std::uint64_t read_big_endian(const std::byte* first,
                              std::size_t count) noexcept {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < count; ++i)
    result = (result << 8) | std::to_integer<std::uint64_t>(first[i]);
  return result;
}

void write_big_endian(std::byte* first, std::size_t count,
                      std::uint64_t value) noexcept {
  for (std::size_t i = count; i > 0; --i, value >>= 8)
    first[i - 1] = static_cast<std::byte>(value);
}

template <class Word>
void mask_word(std::byte* where, Word pattern) noexcept {
  Word word;
  std::memcpy(&word, where, sizeof(word));
  word ^= pattern;
  std::memcpy(where, &word, sizeof(word));
}

} // namespace

header_result read_header(std::span<const std::byte> bytes,
                          frame_header& header, std::size_t& size) noexcept {
  if (bytes.size() < 2)
    return header_result::need_more;
  auto first = std::to_integer<std::uint8_t>(bytes[0]);
  auto second = std::to_integer<std::uint8_t>(bytes[1]);
  header.fin = (first & fin_bit) != 0;
  header.rsv1 = (first & rsv1_bit) != 0;
  header.rsv2 = (first & rsv2_bit) != 0;
  header.rsv3 = (first & rsv3_bit) != 0;
  header.raw_opcode = first & opcode_bits;
  header.masked = (second & mask_bit) != 0;
  auto length = static_cast<std::uint8_t>(second & length_bits);
  header.payload_length = length;
  std::size_t length_size = 0;
  if (length == length_is_16_bits)
    length_size = 2;
  else if (length == length_is_64_bits)
    length_size = 8;
  auto key_at = 2 + length_size;
  if (bytes.size() < key_at)
    return header_result::need_more;
  if (length_size != 0) {
    auto value = read_big_endian(bytes.data() + 2, length_size);
    auto least = length_size == 2 ? std::uint64_t{length_is_16_bits}
                                  : std::uint64_t{0x1'0000};
    if (value < least || (value >> 63) != 0)
      return header_result::bad_length;
    header.payload_length = value;
  }
  auto total = key_at + (header.masked ? header.key.size() : 0);
  if (bytes.size() < total)
    return header_result::need_more;
  if (header.masked)
    std::memcpy(header.key.data(), bytes.data() + key_at, header.key.size());
  size = total;
  return header_result::complete;
}

std::size_t write_header(std::span<std::byte> out, opcode op,
                         std::uint64_t payload_length, bool fin, bool rsv1,
                         const mask_key* key) noexcept {
  out[0] = static_cast<std::byte>((fin ? fin_bit : 0) | (rsv1 ? rsv1_bit : 0)
                                  | static_cast<std::uint8_t>(op));
  auto masked = key != nullptr ? mask_bit : std::uint8_t{0};
  std::size_t size = 2;
  if (payload_length < length_is_16_bits) {
    out[1] = static_cast<std::byte>(masked | payload_length);
  } else if (payload_length <= 0xFFFF) {
    out[1] = static_cast<std::byte>(masked | length_is_16_bits);
    write_big_endian(&out[2], 2, payload_length);
    size += 2;
  } else {
    out[1] = static_cast<std::byte>(masked | length_is_64_bits);
    write_big_endian(&out[2], 8, payload_length);
    size += 8;
  }
  if (key != nullptr) {
    std::memcpy(&out[size], key->data(), key->size());
    size += key->size();
  }
  return size;
}

void apply_mask(std::span<std::byte> bytes, const mask_key& key,
                std::uint64_t offset) noexcept {
  std::uint32_t turned;
  std::memcpy(&turned, key.data(), sizeof(turned));
  auto bits = static_cast<int>(offset % key.size()) * 8;
  if constexpr (std::endian::native == std::endian::little)
    turned = std::rotr(turned, bits);
  else
    turned = std::rotl(turned, bits);
  auto pattern = std::uint64_t{turned} << 32 | turned;
  auto* pos = bytes.data();
  auto left = bytes.size();
  // Four words a round, which become vector instructions.
  for (; left >= 32; left -= 32, pos += 32) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), pos, sizeof(words));
    for (auto& word : words)
      word ^= pattern;
    std::memcpy(pos, words.data(), sizeof(words));
  }
  for (; left >= 8; left -= 8, pos += 8)
    mask_word(pos, pattern);
  if (left >= 4) {
    mask_word(pos, turned);
    left -= 4;
    pos += 4;
  }
  std::array<std::byte, 4> rest;
  std::memcpy(rest.data(), &turned, sizeof(turned));
  for (std::size_t i = 0; i < left; ++i)
    pos[i] ^= rest[i];
}

} // namespace switchboard::net
