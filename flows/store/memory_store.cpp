#include "flows/store/memory_store.hpp"

#include <exception>
#include <utility>

namespace switchboard::flows {

memory_store::memory_store(const object_store_options& options,
                           std::function<time_point()> now)
    : object_store(options.name),
      entry_ttl_(options.entry_ttl),
      max_entries_(options.max_entries),
      now_(std::move(now)) {
  // nop
}

void memory_store::load(std::string key, reply then) {
  store_answer answer;
  {
    std::lock_guard guard{mutex_};
    drop_expired(now_());
    if (auto found = index_.find(key); found != index_.end())
      answer.value = found->second->value;
  }
  then(std::move(answer));
}

void memory_store::update(std::string key, change how, reply then) {
  store_answer answer;
  {
    std::lock_guard guard{mutex_};
    try {
      answer = change_entry(std::move(key), how);
    } catch (const std::exception& problem) {
      ++counted_.failed;
      answer = refusal(problem.what());
    }
  }
  then(std::move(answer));
}

store_answer memory_store::change_entry(std::string key, const change& how) {
  auto now = now_();
  drop_expired(now);
  auto found = index_.find(key);
  std::optional<std::string> before;
  if (found != index_.end())
    before = found->second->value;
  store_answer answer{std::nullopt, how(before)};
  if (found != index_.end())
    erase(found->second);
  if (answer.value)
    put(std::move(key), *answer.value, now);
  return answer;
}

void memory_store::put(std::string key, std::string value, time_point now) {
  entries_.push_back({std::move(key), std::move(value), now});
  index_.emplace(entries_.back().key, std::prev(entries_.end()));
  while (entries_.size() > max_entries_) {
    erase(entries_.begin());
    ++counted_.evicted;
  }
}

void memory_store::erase(entry_list::iterator which) {
  index_.erase(which->key);
  entries_.erase(which);
}

void memory_store::drop_expired(time_point now) {
  while (!entries_.empty() && now - entries_.front().changed >= entry_ttl_) {
    erase(entries_.begin());
    ++counted_.expired;
  }
}

store_statistics memory_store::statistics() const {
  std::lock_guard guard{mutex_};
  auto result = counted_;
  result.entries = entries_.size();
  return result;
}

} // namespace switchboard::flows
