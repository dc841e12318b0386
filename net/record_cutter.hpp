#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include <sys/uio.h>

namespace switchboard::net {

/// The most bytes of one record (RFC 8446 §5.1).
constexpr std::size_t record_size = 16 * 1024;

/// The bytes of a write, record by record.
class record_cutter {
public:
  /// @param skip bytes in front that are left out.
  record_cutter(std::span<const iovec> pieces, std::size_t skip)
      : pieces_(pieces), offset_(skip) {
    settle();
  }

  bool empty() const noexcept {
    return pieces_.empty();
  }

  /// The next record's content: where it lies in one piece, that piece;
  /// else a copy that lasts until the next call on this thread.
  std::span<const std::byte> next() {
    auto piece = front();
    if (piece.size() >= record_size || pieces_.size() == 1) {
      piece = piece.first(std::min(piece.size(), record_size));
      take(piece.size());
      return piece;
    }
    thread_local std::array<std::byte, record_size> copy;
    std::size_t filled = 0;
    while (!empty() && filled < copy.size()) {
      piece = front();
      piece = piece.first(std::min(piece.size(), copy.size() - filled));
      std::memcpy(copy.data() + filled, piece.data(), piece.size());
      filled += piece.size();
      take(piece.size());
    }
    return std::span{copy}.first(filled);
  }

private:
  std::span<const std::byte> front() const noexcept {
    auto& piece = pieces_.front();
    return {static_cast<const std::byte*>(piece.iov_base) + offset_,
            piece.iov_len - offset_};
  }

  void take(std::size_t count) noexcept {
    offset_ += count;
    settle();
  }

  void settle() noexcept {
    while (!pieces_.empty() && offset_ >= pieces_.front().iov_len) {
      offset_ -= pieces_.front().iov_len;
      pieces_ = pieces_.subspan(1);
    }
  }

  std::span<const iovec> pieces_;
  std::size_t offset_;
};

} // namespace switchboard::net
