#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "net/fifo.hpp"
#include "net/outgoing.hpp"
#include "net/write_scratch.hpp"

namespace switchboard::net {

/// Identifies one queued message to whoever queued it; 0: nobody asks.
using send_token = std::uint64_t;

/// What one connection has yet to write, in order: control frames before
/// data, nothing in the middle of a frame that was begun.
class send_queue {
public:
  struct entry {
    frame_ptr frame;
    send_token token = 0;
  };

  bool empty() const noexcept {
    return entries_.empty();
  }

  /// Bytes not yet handed to the operating system.
  std::size_t bytes() const noexcept {
    return bytes_;
  }

  /// Bytes of control frames among `bytes`.
  std::size_t control_bytes() const noexcept {
    return control_bytes_;
  }

  void push(frame_ptr frame, send_token token);

  /// Puts a control frame behind the frame begun and the control frames that
  /// wait.
  void push_control(frame_ptr frame);

  /// Takes out data frames that were not begun, oldest first, until at most
  /// `limit` bytes are left or none can go. Fragments stay.
  /// @returns the tokens of what was dropped, zeros left out.
  std::vector<send_token> drop_oldest(std::size_t limit);

  /// Takes out every data frame that was not begun, fragments too: no message
  /// may follow.
  std::vector<send_token> drop_all();

  /// Describes what to write next.
  /// @param vectors receives at most its size in pieces.
  /// @param scratch receives copies of small frames, so that many of them
  ///        make one piece.
  /// @returns the pieces used.
  std::span<iovec> gather(std::span<iovec> vectors,
                          std::span<std::byte> scratch) const;

  /// Does the same with a loop's scratch, where the bytes may lie already.
  std::span<iovec> gather(std::span<iovec> vectors,
                          write_scratch& scratch) const;

  /// Whether one frame waits.
  bool single() const noexcept {
    return entries_.size() == 1;
  }

  /// What is unwritten of the only frame, where it lies in one piece; empty
  /// where there are more, or none.
  std::span<const std::byte> alone() const noexcept {
    if (!single())
      return {};
    auto& frame = *entries_.front().frame;
    return frame.trailing().empty() ? frame.leading().subspan(offset_)
                                    : std::span<const std::byte>{};
  }

  /// Notes that all of the only frame was written.
  /// @param messages receives one more where it was data.
  /// @returns its token.
  send_token advance_alone(std::uint64_t& messages) noexcept {
    auto token = entries_.front().token;
    if (entries_.front().frame->ends_message())
      ++messages;
    entries_.pop_front();
    offset_ = 0;
    bytes_ = 0;
    begun_ = 0;
    control_bytes_ = 0;
    return token;
  }

  /// Takes all that waits for begun until `advance` or `interrupt`: someone
  /// else is writing it.
  void begin() noexcept {
    begun_ = static_cast<std::uint32_t>(entries_.size());
  }

  /// Takes what holds the next `count` bytes for begun until `advance`: they
  /// cannot be taken back.
  void begin(std::size_t count) noexcept;

  /// Nothing is being written any more.
  void interrupt() noexcept {
    begun_ = 0;
  }

  /// How many bytes `begin` took for begun.
  std::size_t begun_bytes() const noexcept;

  /// Notes that `count` bytes were written.
  /// @param done receives the tokens of finished entries, zeros left out.
  /// @returns how many messages were finished.
  std::size_t advance(std::size_t count, std::vector<send_token>& done);

private:
  std::vector<send_token> drop(std::size_t limit, bool fragments);

  /// The first entry that nothing was written of.
  entry* first_unbegun() const noexcept {
    return entries_.begin()
           + std::max<std::uint32_t>(begun_, offset_ > 0 ? 1 : 0);
  }

  /// Whether a scratch holds just what waits.
  bool lies_in(const write_scratch& scratch) const noexcept;

  fifo<entry> entries_;
  /// Bytes of the first entry already written.
  std::size_t offset_ = 0;
  std::size_t bytes_ = 0;
  /// Entries of a write under way.
  std::uint32_t begun_ = 0;
  /// Small: a peer is not read while many answers to its pings wait.
  std::uint32_t control_bytes_ = 0;
};

} // namespace switchboard::net
