#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "net/outgoing.hpp"

namespace switchboard::net {

/// Where a loop gathers small frames for one write. Remembers which they are:
/// sockets that were sent the same broadcasts write the same bytes, and only
/// the first of them has to copy them together.
class write_scratch {
public:
  static constexpr std::size_t size = 64 * 1024;

  /// All of it, to be written over.
  std::span<std::byte> bytes() noexcept {
    frames_.clear();
    return {memory_.get(), size};
  }

  /// Says that the first `filled` bytes are these frames, whole and in order.
  void note(std::vector<frame_ptr>&& frames, std::size_t filled) noexcept {
    frames_ = std::move(frames);
    filled_ = filled;
  }

  /// The memory of a list that is noted no more.
  std::vector<frame_ptr> spare() noexcept {
    frames_.clear();
    return std::move(frames_);
  }

  /// The frames that the bytes are; empty where nothing was noted.
  std::span<const frame_ptr> frames() const noexcept {
    return frames_;
  }

  std::span<std::byte> filled() const noexcept {
    return {memory_.get(), filled_};
  }

private:
  std::unique_ptr<std::byte[]> memory_ =
      std::make_unique_for_overwrite<std::byte[]>(size);
  /// Kept alive, so that no other frame can have the address of one of them.
  std::vector<frame_ptr> frames_;
  std::size_t filled_ = 0;
};

} // namespace switchboard::net
