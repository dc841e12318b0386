#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace switchboard::net {

/// Checks UTF-8 as it arrives, in any cuts. Refuses overlong forms,
/// surrogates and code points above U+10FFFF at the first byte that makes
/// them certain (RFC 3629).
class utf8_checker {
public:
  /// @returns false once the text cannot become valid any more.
  bool feed(std::span<const std::byte> bytes) noexcept;

  /// Whether the text so far ends at a code point's end.
  bool complete() const noexcept {
    return state_ == 0;
  }

  void reset() noexcept {
    state_ = 0;
  }

private:
  std::uint32_t state_ = 0;
};

/// Whether the whole of `bytes` is UTF-8.
bool is_utf8(std::span<const std::byte> bytes) noexcept;

} // namespace switchboard::net
