#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <switchboard/object_store_options.hpp>

#include "flows/store/object_store.hpp"

namespace switchboard::flows {

/// Keeps its entries in memory. Answers within the request.
class memory_store final : public object_store {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param now the time, for tests of their own.
  explicit memory_store(
      const object_store_options& options,
      std::function<time_point()> now = std::chrono::steady_clock::now);

  void load(std::string key, reply then) override;
  void update(std::string key, change how, reply then) override;
  store_statistics statistics() const override;

private:
  struct entry {
    std::string key;
    std::string value;
    time_point changed;
  };
  using entry_list = std::list<entry>;

  void drop_expired(time_point now);
  void erase(entry_list::iterator which);
  void put(std::string key, std::string value, time_point now);
  store_answer change_entry(std::string key, const change& how);

  const std::chrono::nanoseconds entry_ttl_;
  const std::size_t max_entries_;
  const std::function<time_point()> now_;
  mutable std::mutex mutex_;
  /// The one whose last change is longest ago comes first.
  entry_list entries_;
  /// By key; the text is the entry's.
  std::unordered_map<std::string_view, entry_list::iterator> index_;
  store_statistics counted_;
};

} // namespace switchboard::flows
