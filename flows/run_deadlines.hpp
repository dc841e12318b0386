#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include <caf/all.hpp>

namespace switchboard::flows {

/// The deadlines of the runs of one flow, which all have the same time: a
/// queue, so that one wake-up at a time will do. One thread.
template <class Job>
class run_deadlines {
public:
  using time_point = caf::actor_clock::time_point;

  /// @param when not before any deadline added earlier.
  void add(Job& what, time_point when) {
    drop_settled();
    auto serial = ++last_serial_;
    queue_.emplace_back(when, serial);
    jobs_.emplace(serial, &what);
    what.deadline = serial;
  }

  /// It is over, or is given another deadline.
  void settle(Job& what) {
    jobs_.erase(std::exchange(what.deadline, 0));
  }

  /// Takes a job whose time is over.
  Job* take_due(time_point now) {
    drop_settled();
    if (queue_.empty() || queue_.front().first > now)
      return nullptr;
    auto found = jobs_.find(queue_.front().second);
    auto result = found->second;
    settle(*result);
    queue_.pop_front();
    return result;
  }

  /// The first deadline to come.
  std::optional<time_point> next() {
    drop_settled();
    if (queue_.empty())
      return std::nullopt;
    return queue_.front().first;
  }

  void clear() {
    queue_.clear();
    jobs_.clear();
  }

private:
  void drop_settled() {
    while (!queue_.empty() && !jobs_.contains(queue_.front().second))
      queue_.pop_front();
  }

  std::deque<std::pair<time_point, std::uint64_t>> queue_;
  std::unordered_map<std::uint64_t, Job*> jobs_;
  std::uint64_t last_serial_ = 0;
};

} // namespace switchboard::flows
