#include "service/log_repeats.hpp"

#include <functional>
#include <utility>

namespace switchboard::service {

namespace {

std::size_t hash_of(std::string_view text, const string_pairs& fields) {
  std::hash<std::string_view> hash;
  auto result = hash(text);
  auto add = [&](std::string_view part) {
    result = result * 1'099'511'628'211u + hash(part);
  };
  for (auto& [name, value] : fields) {
    add(name);
    add(value);
  }
  return result;
}

} // namespace

log_repeats::verdict log_repeats::judge(std::string_view text,
                                        const string_pairs& fields,
                                        time_point now) {
  auto key = hash_of(text, fields);
  auto i = entries_.find(key);
  if (i == entries_.end()) {
    make_room(now);
    entries_[key] = {now, 1, 0};
    return {};
  }
  auto& known = i->second;
  if (now - known.since >= span) {
    auto left_out = known.left_out;
    known = {now, 1, 0};
    return {true, left_out};
  }
  if (known.written < most_alike) {
    ++known.written;
    return {};
  }
  ++known.left_out;
  return {false, 0};
}

void log_repeats::make_room(time_point now) {
  if (entries_.size() < most_remembered)
    return;
  std::erase_if(entries_, [&](auto& item) {
    return now - item.second.since >= span && item.second.left_out == 0;
  });
  if (entries_.size() >= most_remembered)
    entries_.clear();
}

} // namespace switchboard::service
