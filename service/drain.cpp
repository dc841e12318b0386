#include "service/drain.hpp"

#include <utility>

namespace switchboard::service {

std::string_view name_of(drain_stage stage) noexcept {
  switch (stage) {
    case drain_stage::draining:
      return "draining";
    case drain_stage::drained:
      return "drained";
    case drain_stage::none:
      break;
  }
  return "none";
}

drain::drain(instance& what, drain_options how)
    : what_(what), how_(std::move(how)) {}

void drain::change(drain_options how) {
  std::lock_guard guard{mutex_};
  if (stage_ == drain_stage::none)
    how_ = std::move(how);
}

drain::~drain() {
  finish();
}

void drain::begin() {
  std::lock_guard guard{mutex_};
  if (stage_ != drain_stage::none)
    return;
  stage_ = drain_stage::draining;
  background_ = std::thread{[this] {
    {
      std::unique_lock guard{mutex_};
      wait_for_pause(guard);
    }
    run();
  }};
}

void drain::pause() {
  std::unique_lock guard{mutex_};
  if (stage_ != drain_stage::none) {
    in_a_hurry_ = true;
    hurried_.notify_all();
    return;
  }
  stage_ = drain_stage::draining;
  wait_for_pause(guard);
}

void drain::finish() {
  std::thread background;
  {
    std::lock_guard guard{mutex_};
    if (stage_ == drain_stage::none)
      return;
    in_a_hurry_ = true;
    hurried_.notify_all();
    background.swap(background_);
  }
  if (background.joinable())
    background.join();
  run();
}

drain_stage drain::stage() const {
  std::lock_guard guard{mutex_};
  return stage_;
}

void drain::run() {
  what_.drain(how_);
  std::lock_guard guard{mutex_};
  stage_ = drain_stage::drained;
}

void drain::wait_for_pause(std::unique_lock<std::mutex>& guard) {
  hurried_.wait_for(guard, how_.pause, [this] { return in_a_hurry_; });
}

} // namespace switchboard::service
