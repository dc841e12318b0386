#include "net/send_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace switchboard::net {

namespace {

/// A frame up to this size is copied into the scratch buffer: cheaper than
/// an entry of the system call's vector.
constexpr std::size_t copy_threshold = 2048;

/// Lists of entries that are not in use: an idle connection holds none, and a
/// busy one does not ask the heap for one in every turn. One a thread.
class spare_lists {
public:
  using list = std::vector<send_queue::entry>;

  /// Null once the thread ends.
  static spare_lists* mine() {
    thread_local spare_lists lists;
    return ended_ ? nullptr : &lists;
  }

  spare_lists() {
    lists_.reserve(most);
  }

  ~spare_lists() {
    ended_ = true;
  }

  void take(list& into) {
    if (lists_.empty())
      return;
    into = std::move(lists_.back());
    lists_.pop_back();
  }

  void keep(list& from) {
    if (from.capacity() <= most_entries && lists_.size() < most)
      lists_.push_back(std::move(from));
    list{}.swap(from);
  }

private:
  static constexpr std::size_t most = 2048;
  static constexpr std::size_t most_entries = 64;

  static thread_local bool ended_;
  std::vector<list> lists_;
};

thread_local bool spare_lists::ended_ = false;

} // namespace

send_queue::~send_queue() {
  entries_.clear();
  head_ = 0;
  forget_written();
}

void send_queue::make_room() {
  if (entries_.capacity() == 0)
    if (auto spare = spare_lists::mine())
      spare->take(entries_);
}

void send_queue::push(frame_ptr frame, send_token token) {
  bytes_ += frame->size();
  if (frame->control())
    control_bytes_ += frame->size();
  make_room();
  entries_.push_back({std::move(frame), token});
}

void send_queue::push_control(frame_ptr frame) {
  bytes_ += frame->size();
  control_bytes_ += frame->size();
  make_room();
  auto at = entries_.begin() + static_cast<std::ptrdiff_t>(first_unbegun());
  while (at != entries_.end() && at->frame->control())
    ++at;
  entries_.insert(at, {std::move(frame), 0});
}

std::vector<send_token> send_queue::drop_oldest(std::size_t limit) {
  std::vector<send_token> dropped;
  auto keep = entries_.begin() + static_cast<std::ptrdiff_t>(first_unbegun());
  for (auto i = keep; i != entries_.end(); ++i) {
    if (bytes_ > limit && !i->frame->control()) {
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
  return drop_oldest(0);
}

std::span<iovec> send_queue::gather(std::span<iovec> vectors,
                                    std::span<std::byte> scratch) const {
  std::size_t used = 0;
  std::size_t filled = 0;
  auto open_piece = false;
  auto offset = offset_;
  for (auto i = head_; i < entries_.size(); ++i) {
    auto& frame = *entries_[i].frame;
    auto parts = {frame.leading(), frame.trailing()};
    if (frame.size() <= copy_threshold
        && frame.size() <= scratch.size() - filled) {
      if (!open_piece) {
        if (used == vectors.size())
          break;
        vectors[used++] = {scratch.data() + filled, 0};
        open_piece = true;
      }
      for (auto part : parts) {
        auto skip = std::min(offset, part.size());
        offset -= skip;
        part = part.subspan(skip);
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
      for (auto part : parts) {
        auto skip = std::min(offset, part.size());
        offset -= skip;
        part = part.subspan(skip);
        if (!part.empty())
          vectors[used++] = {const_cast<std::byte*>(part.data()), part.size()};
      }
    }
  }
  return vectors.first(used);
}

void send_queue::begin(std::size_t count) noexcept {
  begun_ = 0;
  for (auto left = count > 0 ? count + offset_ : 0; left > 0; ++begun_)
    left -= std::min(left, entries_[head_ + begun_].frame->size());
}

std::size_t send_queue::begun_bytes() const noexcept {
  std::size_t result = 0;
  for (auto i = head_; i < head_ + begun_; ++i)
    result += entries_[i].frame->size();
  return result > 0 ? result - offset_ : 0;
}

std::size_t send_queue::advance(std::size_t count,
                                std::vector<send_token>& done) {
  std::size_t messages = 0;
  begun_ = 0;
  bytes_ -= count;
  while (count > 0) {
    auto& front = entries_[head_];
    auto left = front.frame->size() - offset_;
    if (count < left) {
      offset_ += count;
      return messages;
    }
    count -= left;
    offset_ = 0;
    if (front.frame->control())
      control_bytes_ -= front.frame->size();
    else
      ++messages;
    if (front.token != 0)
      done.push_back(front.token);
    front.frame.reset();
    ++head_;
  }
  forget_written();
  return messages;
}

void send_queue::forget_written() {
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
    if (entries_.capacity() == 0)
      return;
    if (auto spare = spare_lists::mine())
      spare->keep(entries_);
    else
      std::vector<entry>{}.swap(entries_);
  } else if (head_ > 64 && head_ * 2 > entries_.size()) {
    entries_.erase(entries_.begin(),
                   entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

} // namespace switchboard::net
