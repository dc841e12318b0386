#include "flows/store/sqlite_worker.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace switchboard::flows {

namespace {

/// Requests that may wait: more than there are sockets in a process.
constexpr std::size_t most_waiting = 65'536;

/// Requests in one transaction: the first need not wait for all.
constexpr std::size_t most_at_once = 1024;

/// Dead rows erased in one transaction.
constexpr std::int64_t most_erased = 1000;

/// How often it tidies up and counts while nobody asks for anything.
constexpr std::chrono::seconds idle_time{30};

} // namespace

sqlite_worker::sqlite_worker(const object_store_options& options,
                             sqlite_store::clock now)
    : name_(options.name),
      entry_ttl_(std::max<std::int64_t>(
          std::chrono::ceil<std::chrono::milliseconds>(options.entry_ttl)
              .count(),
          1)),
      max_entries_(options.max_entries),
      now_(std::move(now)),
      table_(options.path) {
  rows_ = table_.count();
  entries_ = *rows_;
}

bool sqlite_worker::push(request&& what) {
  {
    std::lock_guard guard{mutex_};
    if (stopping_ || waiting_.size() >= most_waiting)
      return false;
    waiting_.push_back(std::move(what));
  }
  changed_.notify_one();
  return true;
}

void sqlite_worker::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  changed_.notify_one();
}

void sqlite_worker::run() {
  for (auto stopped = false; !stopped;) {
    auto batch = take(stopped);
    if (batch.empty())
      tidy();
    else
      serve(batch);
  }
}

sqlite_worker::request_list sqlite_worker::take(bool& stopped) {
  std::unique_lock guard{mutex_};
  changed_.wait_for(guard, idle_time,
                    [&] { return stopping_ || !waiting_.empty(); });
  request_list result;
  auto count = std::min(waiting_.size(), most_at_once);
  auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  result.assign(std::make_move_iterator(waiting_.begin()),
                std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  stopped = stopping_ && waiting_.empty();
  return result;
}

void sqlite_worker::serve(request_list& batch) {
  // What is looked up needs no transaction, and no room on the disk.
  for (auto& what : batch)
    if (!what.how)
      look_up(what);
  std::erase_if(batch, [](auto& what) { return !what.how; });
  if (!batch.empty())
    change_all(batch);
}

void sqlite_worker::look_up(request& what) {
  store_answer result;
  try {
    auto found = table_.load(what.key);
    if (found && found->changed > dead_until(now_()))
      result.value = std::move(found->value);
  } catch (const std::exception& problem) {
    result = refusal(problem.what());
  }
  answer(what, std::move(result));
}

void sqlite_worker::change_all(request_list& batch) {
  std::vector<store_answer> answers;
  answers.reserve(batch.size());
  auto open = false;
  try {
    table_.begin();
    open = true;
    auto now = now_();
    for (auto& what : batch)
      answers.push_back(change_one(what, now));
    auto gone = make_room(now);
    table_.commit();
    count(gone);
  } catch (const std::exception& problem) {
    if (open)
      table_.roll_back();
    rows_.reset();
    answers.assign(batch.size(), refusal(problem.what()));
  }
  if (rows_)
    entries_ = *rows_;
  for (std::size_t i = 0; i < batch.size(); ++i)
    answer(batch[i], std::move(answers[i]));
}

store_answer sqlite_worker::change_one(request& what, std::int64_t now) {
  auto found = table_.load(what.key);
  auto is_live = found && found->changed > dead_until(now);
  store_answer result;
  try {
    result.value = what.how(is_live ? std::optional{std::move(found->value)}
                                    : std::nullopt);
  } catch (const std::exception& problem) {
    // Of this request alone: the table is as it was.
    return refusal(problem.what());
  }
  if (result.value) {
    table_.put(what.key, *result.value, now);
    if (rows_ && !found)
      ++*rows_;
  } else if (found) {
    table_.erase(what.key);
    if (rows_)
      --*rows_;
  }
  return result;
}

sqlite_worker::losses sqlite_worker::make_room(std::int64_t now) {
  if (!rows_)
    rows_ = table_.count();
  auto dead = table_.erase_until(dead_until(now), most_erased);
  *rows_ -= std::min(*rows_, dead);
  std::uint64_t evicted = 0;
  if (*rows_ > max_entries_)
    evicted =
        table_.erase_oldest(static_cast<std::int64_t>(*rows_ - max_entries_));
  *rows_ -= std::min(*rows_, evicted);
  return {dead, evicted};
}

void sqlite_worker::count(const losses& what) noexcept {
  expired_ += what.expired;
  evicted_ += what.evicted;
}

std::int64_t sqlite_worker::dead_until(std::int64_t now) const noexcept {
  return now - entry_ttl_;
}

void sqlite_worker::tidy() {
  try {
    rows_ = table_.count();
    table_.begin();
    auto gone = make_room(now_());
    table_.commit();
    count(gone);
    entries_ = *rows_;
  } catch (const std::exception&) {
    // Who asks next is told, if it lasts.
    table_.roll_back();
    rows_.reset();
  }
}

void sqlite_worker::answer(request& what, store_answer&& with) noexcept {
  if (with.problem)
    count_failure();
  std::exchange(what.then, nullptr)(std::move(with));
}

void sqlite_worker::count_failure() noexcept {
  ++failed_;
}

store_statistics sqlite_worker::statistics() const noexcept {
  return {entries_, evicted_, expired_, failed_};
}

store_answer sqlite_worker::refusal(const std::string& why) const {
  return {error_text{store_error, "object store " + name_ + ": " + why}, {}};
}

} // namespace switchboard::flows
