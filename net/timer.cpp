#include "net/timer.hpp"

#include <utility>

namespace switchboard::net {

timer::~timer() {
  if (heap_ != nullptr)
    heap_->disarm(*this);
}

void timer_heap::arm(timer& what, clock::time_point deadline) {
  if (what.heap_ == nullptr) {
    heap_.push_back(&what);
    what.heap_ = this;
    what.deadline_ = deadline;
    what.index_ = heap_.size() - 1;
    sift_up(what.index_);
    return;
  }
  auto later = deadline > what.deadline_;
  what.deadline_ = deadline;
  if (later)
    sift_down(what.index_);
  else
    sift_up(what.index_);
}

void timer_heap::disarm(timer& what) noexcept {
  if (what.heap_ == nullptr)
    return;
  auto index = what.index_;
  auto last = heap_.back();
  heap_.pop_back();
  what.heap_ = nullptr;
  if (last == &what)
    return;
  place(index, last);
  sift_up(index);
  sift_down(last->index_);
}

std::optional<clock::time_point> timer_heap::next() const noexcept {
  if (heap_.empty())
    return std::nullopt;
  return heap_.front()->deadline_;
}

void timer_heap::fire(clock::time_point now) {
  while (!heap_.empty() && heap_.front()->deadline_ <= now) {
    auto& due = *heap_.front();
    disarm(due);
    due.on_timer();
  }
}

void timer_heap::place(std::size_t index, timer* what) noexcept {
  heap_[index] = what;
  what->index_ = index;
}

void timer_heap::sift_up(std::size_t index) noexcept {
  auto what = heap_[index];
  while (index > 0) {
    auto parent = (index - 1) / 2;
    if (heap_[parent]->deadline_ <= what->deadline_)
      break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, what);
}

void timer_heap::sift_down(std::size_t index) noexcept {
  auto what = heap_[index];
  for (;;) {
    auto child = 2 * index + 1;
    if (child >= heap_.size())
      break;
    if (child + 1 < heap_.size()
        && heap_[child + 1]->deadline_ < heap_[child]->deadline_)
      ++child;
    if (what->deadline_ <= heap_[child]->deadline_)
      break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, what);
}

} // namespace switchboard::net
