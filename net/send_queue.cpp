#include "net/send_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace switchboard::net {

namespace {

/// A frame up to this size is copied into the scratch buffer: cheaper than
/// an entry of the system call's vector.
constexpr std::size_t copy_threshold = 2048;

/// What there is of a part behind the bytes that were written already.
/// @param offset bytes to leave out; what is left of them afterwards.
std::span<const std::byte> unwritten(std::span<const std::byte> part,
                                     std::size_t& offset) noexcept {
  auto skip = std::min(offset, part.size());
  offset -= skip;
  return part.subspan(skip);
}

iovec piece_of(std::span<const std::byte> bytes) noexcept {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

} // namespace

void send_queue::push(frame_ptr frame, send_token token) {
  bytes_ += frame->size();
  if (frame->control())
    control_bytes_ += static_cast<std::uint32_t>(frame->size());
  entries_.push_back({std::move(frame), token});
}

void send_queue::push_control(frame_ptr frame) {
  bytes_ += frame->size();
  control_bytes_ += static_cast<std::uint32_t>(frame->size());
  auto at = first_unbegun();
  while (at != entries_.end() && at->frame->control())
    ++at;
  entries_.insert(at, {std::move(frame), 0});
}

std::vector<send_token> send_queue::drop_oldest(std::size_t limit) {
  return drop(limit, false);
}

std::vector<send_token> send_queue::drop(std::size_t limit, bool fragments) {
  std::vector<send_token> dropped;
  if (empty())
    return dropped;
  auto keep = first_unbegun();
  for (auto i = keep; i != entries_.end(); ++i) {
    if (bytes_ > limit && !i->frame->control()
        && (fragments || !i->frame->is_fragment())) {
      bytes_ -= i->frame->size();
      if (i->token != 0)
        dropped.push_back(i->token);
    } else {
      if (keep != i)
        *keep = std::move(*i);
      ++keep;
    }
  }
  entries_.erase(keep, entries_.end());
  return dropped;
}

std::vector<send_token> send_queue::drop_all() {
  // No queue is ever small enough for a limit of zero: everything that may
  // go goes.
  return drop(0, true);
}

std::span<iovec> send_queue::gather(std::span<iovec> vectors,
                                    std::span<std::byte> scratch) const {
  std::size_t used = 0;
  std::size_t filled = 0;
  auto open_piece = false;
  auto offset = offset_;
  // One frame alone needs no company: it is written from where it lies.
  auto alone = entries_.size() == 1;
  for (auto& entry : entries_) {
    auto& frame = *entry.frame;
    auto parts = {frame.leading(), frame.trailing()};
    if (!alone && frame.size() <= copy_threshold
        && frame.size() <= scratch.size() - filled) {
      if (!open_piece) {
        if (used == vectors.size())
          break;
        vectors[used++] = {scratch.data() + filled, 0};
        open_piece = true;
      }
      for (auto part : parts) {
        part = unwritten(part, offset);
        if (part.empty())
          continue;
        std::memcpy(scratch.data() + filled, part.data(), part.size());
        filled += part.size();
        vectors[used - 1].iov_len += part.size();
      }
    } else {
      open_piece = false;
      if (vectors.size() - used < 2)
        break;
      for (auto part : parts)
        if (part = unwritten(part, offset); !part.empty())
          vectors[used++] = piece_of(part);
    }
  }
  return vectors.first(used);
}

bool send_queue::lies_in(const write_scratch& scratch) const noexcept {
  auto frames = scratch.frames();
  return offset_ == 0 && !frames.empty()
         && std::equal(
             frames.begin(), frames.end(), entries_.begin(), entries_.end(),
             [](auto& frame, auto& entry) { return frame == entry.frame; });
}

std::span<iovec> send_queue::gather(std::span<iovec> vectors,
                                    write_scratch& scratch) const {
  if (lies_in(scratch)) {
    vectors[0] = piece_of(scratch.filled());
    return vectors.first(1);
  }
  auto bytes = scratch.bytes();
  auto pieces = gather(vectors, bytes);
  // Worth noting where others wait for the same frames.
  if (offset_ == 0 && entries_.size() > 1 && pieces.size() == 1
      && pieces[0].iov_base == bytes.data() && pieces[0].iov_len == bytes_
      && entries_.front().frame->shared()) {
    auto frames = scratch.spare();
    for (auto& entry : entries_)
      frames.push_back(entry.frame);
    scratch.note(std::move(frames), bytes_);
  }
  return pieces;
}

void send_queue::begin(std::size_t count) noexcept {
  begun_ = 0;
  for (auto left = count > 0 ? count + offset_ : 0; left > 0; ++begun_)
    left -= std::min(left, entries_.begin()[begun_].frame->size());
}

std::size_t send_queue::begun_bytes() const noexcept {
  std::size_t result = 0;
  auto first = entries_.begin();
  for (std::uint32_t i = 0; i < begun_; ++i)
    result += first[i].frame->size();
  return result > 0 ? result - offset_ : 0;
}

std::size_t send_queue::advance(std::size_t count,
                                std::vector<send_token>& done) {
  std::size_t messages = 0;
  begun_ = 0;
  bytes_ -= count;
  while (count > 0) {
    auto& front = entries_.front();
    auto size = front.frame->size();
    auto left = size - offset_;
    if (count < left) {
      offset_ += count;
      return messages;
    }
    count -= left;
    offset_ = 0;
    if (front.frame->control())
      control_bytes_ -= static_cast<std::uint32_t>(size);
    else if (front.frame->ends_message())
      ++messages;
    if (front.token != 0)
      done.push_back(front.token);
    entries_.pop_front();
  }
  return messages;
}

} // namespace switchboard::net
