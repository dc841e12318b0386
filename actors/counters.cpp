#include "actors/counters.hpp"

#include <algorithm>

namespace switchboard::actors {

void duration_counter::add(std::chrono::nanoseconds how_long) noexcept {
  auto seconds = static_cast<double>(how_long.count()) / 1e9;
  std::size_t i = 0;
  while (i < duration_counts::bounds.size()
         && seconds > duration_counts::bounds[i])
    ++i;
  counts_[i].add();
  if (how_long.count() > 0)
    sum_.add(static_cast<std::uint64_t>(how_long.count()));
}

void duration_counter::collect(duration_counts& to) const noexcept {
  for (std::size_t i = 0; i < counts_.size(); ++i)
    to.counts[i] += counts_[i].get();
  to.sum += std::chrono::nanoseconds{static_cast<std::int64_t>(sum_.get())};
}

std::string_view name_of(limit_kind what) noexcept {
  constexpr std::array<std::string_view, limit_kinds> names{
      "max_connections", "max_header_size",       "handshake_timeout",
      "descriptors",     "max_groups_per_socket", "max_connections_per_address",
      "max_handshakes",  "max_connection_rate",   "memory",
      "groups"};
  return names[static_cast<std::size_t>(what)];
}

// -- closings
// ----------------------------------------------------------------------

void closing_counter::add(close_code code, closed_by by) noexcept {
  std::size_t place = codes - 1;
  if (code >= 1000 && code <= 1015)
    place = code - 1000u;
  else if (code >= 3000 && code <= 3999)
    place = 16;
  else if (code >= 4000 && code <= 4999)
    place = 17;
  counts_[place][static_cast<std::size_t>(by)].add();
}

void closing_counter::collect(
    std::vector<switchboard_statistics::closed_count>& to) const {
  auto name_at = [](std::size_t place) -> std::string {
    if (place < 16)
      return std::to_string(1000 + place);
    return place == 16 ? "3000-3999" : place == 17 ? "4000-4999" : "other";
  };
  for (std::size_t place = 0; place < codes; ++place)
    for (std::size_t who = 0; who < closed_by_count; ++who) {
      auto count = counts_[place][who].get();
      if (count == 0)
        continue;
      auto code = name_at(place);
      auto by = static_cast<closed_by>(who);
      auto i = std::find_if(to.begin(), to.end(), [&](auto& known) {
        return known.code == code && known.by == by;
      });
      if (i == to.end())
        to.push_back({std::move(code), by, count});
      else
        i->count += count;
    }
}

// -- handshakes
// --------------------------------------------------------------------

void handshake_counter::refused(unsigned status) noexcept {
  if (status == 0) {
    counts_[2].add();
    return;
  }
  auto i = std::find(statuses.begin() + 3, statuses.end(), status);
  counts_[static_cast<std::size_t>(i - statuses.begin())].add();
}

std::string handshake_counter::name_at(std::size_t index) {
  switch (index) {
    case 0:
      return "accepted";
    case 1:
      return "abandoned";
    case 2:
      return "tls_failed";
    case statuses.size():
      return "refused_other";
    default:
      return "refused_" + std::to_string(statuses[index]);
  }
}

void handshake_counter::collect(
    std::vector<switchboard_statistics::named_count>& to) const {
  if (to.empty())
    for (std::size_t i = 0; i < counts_.size(); ++i)
      to.push_back({name_at(i), 0});
  for (std::size_t i = 0; i < counts_.size(); ++i)
    to[i].count += counts_[i].get();
}

} // namespace switchboard::actors
