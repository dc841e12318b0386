#pragma once

#include <array>
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

/// Where in its message a part lies.
struct part_place {
  bool first = false;
  bool last = false;
};

/// Receives what a `message_reader` finds. Spans are valid during the call
/// only. A call must not destroy the reader nor call into it.
class message_sink {
public:
  /// A whole message, joined, inflated, unmasked; text is valid UTF-8.
  /// @param op text or binary.
  /// @returns whether the reader may go on to the next frame.
  virtual bool on_message(opcode op, std::span<const std::byte> payload) = 0;

  /// The next bytes of a message that is delivered in parts; text may be cut
  /// inside a character. What has failed has no last part.
  /// @param op of the message.
  /// @returns whether the reader may go on.
  virtual bool on_part(opcode op, std::span<const std::byte> bytes,
                       part_place place) {
    static_cast<void>(op);
    static_cast<void>(bytes);
    static_cast<void>(place);
    return true;
  }

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
  /// After a failure or a close frame nothing is taken any more.
  result consume(std::span<std::byte> bytes, message_sink& sink);

  /// Delivers messages in parts from now on, where they are not complete with
  /// about so many bytes. A message that was begun stays as it is.
  /// @param size in bytes; 0: never.
  void deliver_parts(std::uint32_t size) noexcept {
    part_size_ = size;
  }

  /// Whether a message was begun and is not complete.
  bool inside_message() const noexcept;

  /// Bytes of the heap held for the message begun.
  std::size_t buffered_bytes() const noexcept {
    return message_.capacity();
  }

  /// Whether it holds what inflating needs.
  bool inflates() const noexcept {
    return inflater_ != nullptr;
  }

  /// Forgets the message begun and takes nothing any more. Not from within
  /// `consume`.
  void discard() noexcept;

private:
  /// Judges what the first two bytes of a header tell.
  std::string_view judge(const frame_header& header) const noexcept;

  /// Takes messages that lie whole in the bytes, each one frame of at most 125
  /// bytes and not compressed: most are, and cost little that way.
  /// @pre nothing was begun
  /// @returns whether to go on with what is left.
  bool take_short(std::span<std::byte> bytes, message_sink& sink, result& out);

  /// Takes bytes of a header.
  /// @returns whether it is complete and its frame begun.
  bool take_header(std::span<const std::byte> bytes, result& out);

  violation begin_frame(const frame_header& header) noexcept;

  /// Takes a piece of a frame's payload, unmasked.
  /// @param done whether the frame ends with it.
  /// @returns whether to go on.
  bool take_control(std::span<const std::byte> piece, bool done,
                    message_sink& sink, violation& failure);
  bool take_data(std::span<const std::byte> piece, bool done,
                 message_sink& sink, violation& failure);

  /// Delivers what is at hand of a message in parts.
  /// @param piece of it behind what is gathered.
  bool deliver_part(std::span<const std::byte> piece, bool last,
                    message_sink& sink);

  /// Bytes of the message so far, delivered ones counted.
  std::size_t message_size() const noexcept {
    return delivered_ + message_.size();
  }

  violation take_plain(std::span<const std::byte> piece);
  violation take_deflated(std::span<const std::byte> piece, bool last);

  std::size_t max_message_size_;
  /// Payload of the frame begun that is yet to come.
  std::uint64_t remaining_ = 0;
  std::vector<std::byte> message_;
  /// Bytes of the message begun that were delivered in parts.
  std::size_t delivered_ = 0;
  /// 0: none.
  std::uint32_t part_size_ = 0;
  /// Null until the first message that is compressed.
  std::unique_ptr<inflater> inflater_;
  /// Of a control frame that came in pieces.
  std::unique_ptr<std::array<std::byte, max_control_payload>> control_;
  utf8_checker utf8_;
  std::array<std::byte, max_header_bytes> head_;
  std::uint8_t head_size_ = 0;
  std::uint8_t control_size_ = 0;
  mask_key key_{};
  role self_;
  opcode frame_opcode_ = opcode::continuation;
  /// `continuation`: no message was begun.
  opcode message_opcode_ = opcode::continuation;
  /// Position in the key, 0 to 3.
  std::uint8_t key_offset_ = 0;
  /// 0: no compression agreed.
  std::uint8_t inflate_window_bits_ = 0;
  bool inflate_no_context_takeover_ = false;
  bool inside_frame_ = false;
  bool frame_fin_ = false;
  bool compressed_ = false;
  /// Whether the message begun is delivered in parts.
  bool in_parts_ = false;
  bool ended_ = false;
};

} // namespace switchboard::net
