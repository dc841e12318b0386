#include "actors/outbound_journal.hpp"

#include <algorithm>
#include <utility>

#include "net/memory_account.hpp"

namespace switchboard::actors {

outbound_journal::~outbound_journal() {
  count_waiting(-waiting_bytes_);
}

void outbound_journal::add_given(outbound_send&& what) {
  entries_.push_back(std::move(what));
  ++given_;
}

void outbound_journal::add_waiting(outbound_send&& what) {
  count_waiting(cost(what));
  entries_.push_back(std::move(what));
}

void outbound_journal::give_first() noexcept {
  count_waiting(-cost(first_waiting()));
  ++given_;
}

outbound_send outbound_journal::take_first_waiting() {
  auto at = entries_.begin() + static_cast<std::ptrdiff_t>(given_);
  auto result = std::move(*at);
  entries_.erase(at);
  count_waiting(-cost(result));
  return result;
}

std::optional<outbound_send>
outbound_journal::take_given(net::send_token token) {
  auto end = entries_.begin() + static_cast<std::ptrdiff_t>(given_);
  // Nearly always the first: frames are written in order.
  auto found = std::find_if(entries_.begin(), end, [token](auto& entry) {
    return entry.token == token;
  });
  if (found == end)
    return std::nullopt;
  auto result = std::move(*found);
  entries_.erase(found);
  --given_;
  return result;
}

void outbound_journal::rewind() noexcept {
  for (std::size_t i = 0; i < given_; ++i)
    count_waiting(cost(entries_[i]));
  given_ = 0;
}

std::deque<outbound_send> outbound_journal::take_waiting(
    const std::function<bool(const outbound_send&)>& which) {
  std::deque<outbound_send> result;
  auto first = entries_.begin() + static_cast<std::ptrdiff_t>(given_);
  auto last = std::stable_partition(first, entries_.end(),
                                    [&](auto& entry) { return !which(entry); });
  for (auto i = last; i != entries_.end(); ++i) {
    count_waiting(-cost(*i));
    result.push_back(std::move(*i));
  }
  entries_.erase(last, entries_.end());
  return result;
}

std::deque<outbound_send> outbound_journal::take_all() noexcept {
  given_ = 0;
  count_waiting(-waiting_bytes_);
  return std::exchange(entries_, {});
}

std::optional<net::clock::time_point>
outbound_journal::next_deadline() const noexcept {
  std::optional<net::clock::time_point> result;
  for (auto i = given_; i < entries_.size(); ++i)
    if (auto& deadline = entries_[i].deadline;
        deadline && (!result || *deadline < *result))
      result = deadline;
  return result;
}

void outbound_journal::count_waiting(std::size_t bytes) noexcept {
  waiting_bytes_ += bytes;
  net::memory_account::add(bytes);
}

} // namespace switchboard::actors
