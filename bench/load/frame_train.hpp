#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "net/frame.hpp"

namespace switchboard::bench {

/// One masked client frame, many times in a row in one buffer. All messages of
/// a connection are alike, so what it sends is a periodic stream: a position
/// and a number of bytes say what is to be written, several messages at once.
class frame_train {
public:
  /// @param payload of each frame.
  /// @param rsv1 whether the payload is compressed (RFC 7692 §6).
  frame_train(std::string_view payload, net::opcode op, bool rsv1 = false);

  /// Size of one frame, header included.
  std::size_t frame_bytes() const noexcept {
    return frame_bytes_;
  }

  /// Bytes to write next, at most `wanted`, from a position in a frame.
  std::span<const std::byte> at(std::size_t position,
                                std::size_t wanted) const noexcept {
    auto there = bytes_.size() - position;
    return {bytes_.data() + position, wanted < there ? wanted : there};
  }

private:
  std::size_t frame_bytes_;
  std::vector<std::byte> bytes_;
};

/// One masked frame, for what is sent seldom.
std::vector<std::byte> masked_frame(std::string_view payload, net::opcode op,
                                    bool rsv1 = false);

} // namespace switchboard::bench
