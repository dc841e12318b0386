#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace switchboard::net {

/// Frame opcodes (RFC 6455 §5.2).
enum class opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

constexpr bool is_control(opcode op) noexcept {
  return (static_cast<std::uint8_t>(op) & 0x8) != 0;
}

/// Which end of the connection we are: a client masks what it sends and
/// refuses masked frames, a server the other way round (RFC 6455 §5.1).
enum class role : std::uint8_t { server, client };

using mask_key = std::array<std::byte, 4>;

/// The most bytes a frame header takes.
inline constexpr std::size_t max_header_bytes = 14;

/// The most payload a control frame carries (RFC 6455 §5.5).
inline constexpr std::size_t max_control_payload = 125;

/// A frame header as it stands on the wire; not yet judged by any rule but
/// the shortest-length one.
struct frame_header {
  bool fin = true;
  bool rsv1 = false;
  bool rsv2 = false;
  bool rsv3 = false;
  /// The raw four bits: a peer may send reserved opcodes.
  std::uint8_t raw_opcode = 0;
  bool masked = false;
  mask_key key{};
  std::uint64_t payload_length = 0;
};

enum class header_result : std::uint8_t {
  complete,
  need_more,
  /// A length that is not in its shortest form, or with its top bit set.
  bad_length,
};

/// Reads one header from the start of `bytes`.
/// @param header where not complete, but two bytes are there: holds their
///        flags and opcode, and as length their seven bits (126 and 127 stand
///        for lengths yet unread), so that most rules can be judged early.
/// @param size receives the header's length in bytes where complete.
header_result read_header(std::span<const std::byte> bytes,
                          frame_header& header, std::size_t& size) noexcept;

/// Bytes of a header in shortest form.
constexpr std::size_t header_size(std::uint64_t payload_length,
                                  bool masked) noexcept {
  std::size_t size = 2;
  if (payload_length > 0xFFFF)
    size = 10;
  else if (payload_length > 125)
    size = 4;
  return size + (masked ? sizeof(mask_key) : 0);
}

/// Writes a header in shortest form; fin is as given, reserved bits but rsv1
/// are zero.
/// @param out has room for `header_size`.
/// @returns the bytes written, at most `max_header_bytes`.
std::size_t write_header(std::span<std::byte> out, opcode op,
                         std::uint64_t payload_length, bool fin = true,
                         bool rsv1 = false,
                         const mask_key* key = nullptr) noexcept;

/// Masks or unmasks in place (RFC 6455 §5.3).
/// @param offset position of `bytes` in the frame's payload.
void apply_mask(std::span<std::byte> bytes, const mask_key& key,
                std::uint64_t offset = 0) noexcept;

} // namespace switchboard::net
