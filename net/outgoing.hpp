#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <switchboard/close_code.hpp>

#include "net/deflate.hpp"
#include "net/frame.hpp"

namespace switchboard::net {

/// One encoded frame: a header and the bytes behind it. Immutable, so that a
/// thousand queues and several threads share it.
class outgoing_frame {
public:
  /// An unmasked frame around shared bytes; no copy.
  outgoing_frame(opcode op, std::shared_ptr<const std::string> bytes,
                 bool rsv1 = false);

  /// A frame with bytes of its own, masked where a key is given.
  outgoing_frame(opcode op, std::string bytes, bool rsv1,
                 const mask_key* key = nullptr);

  std::span<const std::byte> header() const noexcept {
    return std::span{header_}.first(header_size_);
  }

  std::span<const std::byte> body() const noexcept;

  /// Bytes on the wire.
  std::size_t size() const noexcept {
    return header_size_ + (bytes_ ? bytes_->size() : 0);
  }

  bool control() const noexcept {
    return is_control(op_);
  }

  opcode op() const noexcept {
    return op_;
  }

private:
  std::array<std::byte, max_header_bytes> header_;
  std::uint8_t header_size_ = 0;
  opcode op_;
  std::shared_ptr<const std::string> bytes_;
};

using frame_ptr = std::shared_ptr<const outgoing_frame>;

/// A message on its way to any number of connections. Encodes itself once
/// plain and once for each way of compressing that needs no context. Belongs
/// to one thread; copies share what is encoded already.
class outgoing_message {
public:
  outgoing_message() = default;

  /// @param op text or binary.
  outgoing_message(opcode op, std::shared_ptr<const std::string> bytes);

  /// The uncompressed, unmasked frame.
  const frame_ptr& plain();

  /// The frame for everybody who compresses without context takeover.
  const frame_ptr& compressed(int window_bits, int level, int memory_level);

  opcode op() const noexcept {
    return op_;
  }

  std::string_view view() const noexcept {
    return bytes_ ? std::string_view{*bytes_} : std::string_view{};
  }

  std::size_t size() const noexcept {
    return bytes_ ? bytes_->size() : 0;
  }

private:
  struct variant {
    int window_bits;
    int level;
    int memory_level;
    frame_ptr frame;
  };

  opcode op_ = opcode::text;
  std::shared_ptr<const std::string> bytes_;
  frame_ptr plain_;
  std::vector<variant> compressed_;
};

/// A control frame.
/// @param key for clients.
frame_ptr make_control_frame(opcode op, std::span<const std::byte> body,
                             const mask_key* key = nullptr);

} // namespace switchboard::net
