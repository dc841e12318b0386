#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace switchboard::net {

using clock = std::chrono::steady_clock;

class timer_heap;

/// Something that wants to be called at a time. Disarms itself when it is
/// destroyed. Belongs to one loop's thread.
class timer {
public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  bool armed() const noexcept {
    return heap_ != nullptr;
  }

  clock::time_point deadline() const noexcept {
    return deadline_;
  }

protected:
  virtual ~timer();

  /// The deadline has come; the timer is disarmed by now and may be armed
  /// again.
  virtual void on_timer() = 0;

private:
  friend class timer_heap;

  timer_heap* heap_ = nullptr;
  std::size_t index_ = 0;
  clock::time_point deadline_{};
};

/// The armed timers of one loop, as a binary heap of pointers: arming and
/// disarming cost O(log n), an armed timer 8 bytes.
class timer_heap {
public:
  /// Arms a timer, or moves an armed one.
  void arm(timer& what, clock::time_point deadline);

  void disarm(timer& what) noexcept;

  /// The earliest deadline.
  std::optional<clock::time_point> next() const noexcept;

  /// Calls every timer that is due.
  void fire(clock::time_point now);

private:
  void place(std::size_t index, timer* what) noexcept;
  void sift_up(std::size_t index) noexcept;
  void sift_down(std::size_t index) noexcept;

  std::vector<timer*> heap_;
};

} // namespace switchboard::net
