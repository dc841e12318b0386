#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "net/close_status.hpp"
#include "net/deflate.hpp"
#include "net/frame.hpp"
#include "net/utf8.hpp"

namespace switchboard::net {

/// Receives what a `message_reader` finds. Spans are valid during the call
/// only. A call must not destroy the reader nor call into it.
class message_sink {
public:
  /// A whole message, joined, inflated, unmasked; text is valid UTF-8.
  /// @param op text or binary.
  /// @returns whether the reader may go on to the next frame.
  virtual bool on_message(opcode op, std::span<const std::byte> payload) = 0;

  /// @returns whether the reader may go on.
  virtual bool on_ping(std::span<const std::byte> payload) = 0;

  /// @returns whether the reader may go on.
  virtual bool on_pong(std::span<const std::byte> payload) = 0;

  /// The peer's close frame, valid. The reader takes nothing after it.
  virtual void on_close(const close_status& status) = 0;

protected:
  ~message_sink() = default;
};

/// The decoder of one connection's inbound bytes (RFC 6455 §5, RFC 7692 §6).
/// Streaming: takes bytes in any cuts, keeps at most a partial header and the
/// message begun. A message that lies whole and uncompressed in the bytes at
/// hand is delivered from there without a copy; memory for others grows with
/// what arrived, never with what a header announced.
class message_reader {
public:
  /// What ended the reading.
  struct violation {
    /// 0: none. Else what to close with: 1002, 1007, 1009.
    close_code code = 0;
    /// For the close frame and the log; static text.
    std::string_view reason;
  };

  struct result {
    /// Bytes taken. Less than given only where the sink said stop, a close
    /// frame came or a rule was broken.
    std::size_t consumed = 0;
    violation failure;
  };

  /// @param max_message_size in bytes after inflating.
  message_reader(role self, std::size_t max_message_size,
                 const std::optional<deflate_agreement>& compression);

  /// Reads frames out of `bytes`, which are unmasked in place.
  /// Must not be called again after a failure or a close frame.
  result consume(std::span<std::byte> bytes, message_sink& sink);

  /// Whether a message was begun and is not complete.
  bool inside_message() const noexcept;

  /// Bytes of the heap held for the message begun.
  std::size_t buffered_bytes() const noexcept;

private:
  // implementation
};

} // namespace switchboard::net
