#include "net/utf8.hpp"

#include <cstring>

namespace switchboard::net {

namespace {

// The state between two bytes: how many continuation bytes are due, and the
// range the next one must lie in. Only the first of them has a range other
// than 80..BF (RFC 3629 §4).
constexpr std::uint32_t expect(std::uint32_t due, std::uint32_t low = 0x80,
                               std::uint32_t high = 0xBF) noexcept {
  return due | low << 8 | high << 16;
}

constexpr std::uint32_t refused = 0xFFFF'FFFF;

constexpr std::uint32_t after_lead(std::uint8_t byte) noexcept {
  if (byte < 0xC2)
    return refused;
  if (byte < 0xE0)
    return expect(1);
  if (byte == 0xE0)
    return expect(2, 0xA0);
  if (byte == 0xED)
    return expect(2, 0x80, 0x9F);
  if (byte < 0xF0)
    return expect(2);
  if (byte == 0xF0)
    return expect(3, 0x90);
  if (byte < 0xF4)
    return expect(3);
  if (byte == 0xF4)
    return expect(3, 0x80, 0x8F);
  return refused;
}

constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;

const std::byte* skip_ascii(const std::byte* pos,
                            const std::byte* end) noexcept {
  while (end - pos >= 32) {
    std::uint64_t words[4];
    std::memcpy(words, pos, sizeof(words));
    if (((words[0] | words[1] | words[2] | words[3]) & high_bits) != 0)
      break;
    pos += sizeof(words);
  }
  while (end - pos >= 8) {
    std::uint64_t word;
    std::memcpy(&word, pos, sizeof(word));
    if ((word & high_bits) != 0)
      break;
    pos += sizeof(word);
  }
  while (pos != end && (*pos & std::byte{0x80}) == std::byte{0})
    ++pos;
  return pos;
}

/// Whether a short text has no other bytes than ASCII's. Looks at all of them
/// without a branch for each.
bool is_short_ascii(std::span<const std::byte> bytes) noexcept {
  constexpr std::size_t word_size = sizeof(std::uint64_t);
  std::uint64_t all = 0;
  if (bytes.size() < word_size) {
    for (auto byte : bytes)
      all |= std::to_integer<std::uint64_t>(byte);
    return (all & high_bits) == 0;
  }
  auto add = [&](std::size_t at) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, word_size);
    all |= word;
  };
  auto last = bytes.size() - word_size;
  for (std::size_t at = 0; at < last; at += word_size)
    add(at);
  add(last);
  return (all & high_bits) == 0;
}

constexpr std::size_t short_text = 128;

} // namespace

bool utf8_checker::feed(std::span<const std::byte> bytes) noexcept {
  auto state = state_;
  if (state == refused)
    return false;
  const auto* pos = bytes.data();
  const auto* end = pos + bytes.size();
  while (pos != end) {
    if (state == 0) {
      pos = skip_ascii(pos, end);
      if (pos == end)
        break;
      state = after_lead(std::to_integer<std::uint8_t>(*pos));
    } else {
      auto byte = std::to_integer<std::uint32_t>(*pos);
      auto due = state & 0xFF;
      if (byte < ((state >> 8) & 0xFF) || byte > ((state >> 16) & 0xFF))
        state = refused;
      else
        state = due == 1 ? 0 : expect(due - 1);
    }
    if (state == refused) {
      state_ = refused;
      return false;
    }
    ++pos;
  }
  state_ = state;
  return true;
}

bool is_utf8(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() <= short_text && is_short_ascii(bytes))
    return true;
  utf8_checker checker;
  return checker.feed(bytes) && checker.complete();
}

} // namespace switchboard::net
