#pragma once

#include <cstddef>
#include <ctime>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace switchboard::net {

/// Values that hold until a time, under a key; where room runs out, the one
/// unused for longest goes. One thread.
template <class Value>
class expiring_cache {
public:
  /// @param capacity in the unit of the entries' weights.
  explicit expiring_cache(std::size_t capacity) : capacity_(capacity) {}

  /// @returns null where there is none, or none that still holds; valid until
  ///          the next `put`.
  const Value* find(const std::string& key, std::time_t now) {
    auto i = by_key_.find(key);
    if (i == by_key_.end())
      return nullptr;
    if (i->second->until <= now) {
      erase(i->second);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, i->second);
    return &i->second->value;
  }

  /// Replaces what was there. What is too heavy by itself is not kept.
  void put(const std::string& key, Value value, std::time_t until,
           std::size_t weight = 1) {
    if (auto i = by_key_.find(key); i != by_key_.end())
      erase(i->second);
    if (weight > capacity_)
      return;
    while (weight_ + weight > capacity_)
      erase(std::prev(entries_.end()));
    entries_.push_front({key, std::move(value), until, weight});
    by_key_.emplace(key, entries_.begin());
    weight_ += weight;
  }

  std::size_t size() const noexcept {
    return entries_.size();
  }

private:
  struct entry {
    std::string key;
    Value value;
    std::time_t until;
    std::size_t weight;
  };

  using place = typename std::list<entry>::iterator;

  void erase(place which) {
    weight_ -= which->weight;
    by_key_.erase(which->key);
    entries_.erase(which);
  }

  std::size_t capacity_;
  std::size_t weight_ = 0;
  /// The one used last is in front.
  std::list<entry> entries_;
  std::unordered_map<std::string, place> by_key_;
};

} // namespace switchboard::net
