#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <switchboard/close_code.hpp>
#include <switchboard/large_content.hpp>

#include "net/deflate.hpp"
#include "net/frame.hpp"

namespace switchboard::net {

class outgoing_frame;

using frame_ptr = boost::intrusive_ptr<const outgoing_frame>;

/// One encoded frame: a header and the bytes behind it. Immutable, so that a
/// thousand queues and several threads share it. Its memory comes from the
/// `block_pool`; small bodies lie behind their header, large ones that others
/// hold as well are shared.
class outgoing_frame {
public:
  /// Up to this size a copy costs less than sharing: one piece to write
  /// instead of two, one cache line instead of three.
  static constexpr std::size_t most_copied = 1024;

  /// An unmasked frame; large bodies are shared, not copied.
  static frame_ptr share(opcode op, std::shared_ptr<const std::string> bytes,
                         bool rsv1 = false);

  /// A frame with a copy of its bytes, masked where a key is given.
  static frame_ptr copy(opcode op, std::span<const std::byte> bytes,
                        bool rsv1 = false, const mask_key* key = nullptr);

  /// A piece of a message, with a copy of its bytes.
  /// @param op of the message for its first fragment, else `continuation`.
  static frame_ptr fragment(opcode op, std::span<const std::byte> bytes,
                            bool fin, const mask_key* key);

  std::span<const std::byte> header() const noexcept {
    return leading().first(header_size_);
  }

  std::span<const std::byte> body() const noexcept {
    return shared_ ? trailing() : leading().subspan(header_size_);
  }

  /// The header, and the body where it lies behind it.
  std::span<const std::byte> leading() const noexcept {
    return {storage() + max_header_bytes - header_size_,
            header_size_ + (shared_ ? 0 : body_size_)};
  }

  /// The body where it lies elsewhere.
  std::span<const std::byte> trailing() const noexcept {
    return shared_ ? std::as_bytes(std::span{*shared_})
                   : std::span<const std::byte>{};
  }

  /// Bytes on the wire.
  std::size_t size() const noexcept {
    return header_size_ + body_size_;
  }

  bool control() const noexcept {
    return is_control(op_);
  }

  opcode op() const noexcept {
    return op_;
  }

  /// Whether a data message is complete with it.
  bool ends_message() const noexcept {
    return fin_ && !control();
  }

  /// Whether it is a piece of a message: then it cannot be left out.
  bool is_fragment() const noexcept {
    return !fin_ || op_ == opcode::continuation;
  }

  /// Whether more than one holds it.
  bool shared() const noexcept {
    return references_.load(std::memory_order_relaxed) > 1;
  }

  outgoing_frame(const outgoing_frame&) = delete;
  outgoing_frame& operator=(const outgoing_frame&) = delete;

private:
  explicit outgoing_frame(opcode op) noexcept : op_(op) {}
  ~outgoing_frame() = default;

  /// @param room for the body behind the header, in bytes.
  static outgoing_frame* make(opcode op, std::size_t room);

  void write_header_before(std::size_t body_size, bool rsv1,
                           const mask_key* key) noexcept;

  void write_body(std::span<const std::byte> bytes,
                  const mask_key* key) noexcept;

  /// Room for a header of any size, then the body; the header ends where the
  /// body begins.
  const std::byte* storage() const noexcept {
    return reinterpret_cast<const std::byte*>(this + 1);
  }

  std::byte* storage() noexcept {
    return reinterpret_cast<std::byte*>(this + 1);
  }

  friend void intrusive_ptr_add_ref(const outgoing_frame* what) noexcept {
    what->references_.fetch_add(1, std::memory_order_relaxed);
  }

  friend void intrusive_ptr_release(const outgoing_frame* what) noexcept {
    if (what->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      destroy(what);
  }

  static void destroy(const outgoing_frame* what) noexcept;

  std::shared_ptr<const std::string> shared_;
  std::size_t body_size_ = 0;
  std::size_t block_size_ = 0;
  mutable std::atomic<std::uint32_t> references_{0};
  opcode op_;
  std::uint8_t header_size_ = 0;
  bool fin_ = true;
};

/// A message on its way to any number of connections. Encodes itself once
/// plain and once for each way of compressing that needs no context. Belongs
/// to one thread; copies share what is encoded already.
class outgoing_message {
public:
  outgoing_message() = default;

  /// @param op text or binary.
  outgoing_message(opcode op, std::shared_ptr<const std::string> bytes);

  /// A message that goes out in fragments.
  outgoing_message(opcode op, std::shared_ptr<const large_content> large);

  /// The uncompressed, unmasked frame.
  const frame_ptr& plain();

  /// The frame for everybody who compresses without context takeover.
  const frame_ptr& compressed(int window_bits, int level, int memory_level);

  opcode op() const noexcept {
    return op_;
  }

  /// Null for a message whose bytes are at hand.
  const std::shared_ptr<const large_content>& large() const noexcept {
    return large_;
  }

  /// Null where empty, or large.
  const std::shared_ptr<const std::string>& bytes() const noexcept {
    return bytes_;
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
  std::shared_ptr<const large_content> large_;
  frame_ptr plain_;
  std::vector<variant> compressed_;
};

/// A control frame.
/// @param key for clients.
frame_ptr make_control_frame(opcode op, std::span<const std::byte> body,
                             const mask_key* key = nullptr);

} // namespace switchboard::net
