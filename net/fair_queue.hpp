#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace switchboard::net {

/// A bounded queue of what several parties bring, who are served in turn:
/// whoever brings much keeps nobody else waiting, nor without room. One thread.
template <class Party, class Item, class Hash = std::hash<Party>>
class fair_queue {
public:
  /// @param capacity in items, of all parties together.
  explicit fair_queue(std::size_t capacity) : capacity_(capacity) {}

  std::size_t size() const noexcept {
    return size_;
  }

  bool empty() const noexcept {
    return size_ == 0;
  }

  /// Takes an item. Where there is no room, whoever has most loses the newest
  /// one.
  /// @returns what was lost, which may be this item; none where there was
  ///          room.
  std::optional<Item> push(const Party& whose, Item what) {
    std::optional<Item> lost;
    if (size_ >= capacity_) {
      lost = make_room(length_of(whose) + 1);
      if (!lost)
        return what;
    }
    auto [i, fresh] = by_party_.try_emplace(whose);
    if (fresh)
      i->second = lines_.insert(lines_.end(), line{whose, {}});
    i->second->items.push_back(std::move(what));
    ++size_;
    return lost;
  }

  /// The oldest item of whose turn it is; none where there is none.
  std::optional<Item> pop() {
    if (lines_.empty())
      return std::nullopt;
    auto first = lines_.begin();
    std::optional<Item> result{std::move(first->items.front())};
    first->items.pop_front();
    --size_;
    lines_.splice(lines_.end(), lines_, first);
    forget_if_empty(first);
    return result;
  }

private:
  struct line {
    Party whose;
    /// Never empty.
    std::deque<Item> items;
  };

  using place = typename std::list<line>::iterator;

  std::size_t length_of(const Party& whose) const {
    auto i = by_party_.find(whose);
    return i == by_party_.end() ? 0 : i->second->items.size();
  }

  /// Takes the newest item of the longest line.
  /// @returns none where no line is longer than `length`.
  std::optional<Item> make_room(std::size_t length) {
    auto longest =
        std::max_element(lines_.begin(), lines_.end(), [](auto& x, auto& y) {
          return x.items.size() < y.items.size();
        });
    if (longest == lines_.end() || longest->items.size() <= length)
      return std::nullopt;
    std::optional<Item> result{std::move(longest->items.back())};
    longest->items.pop_back();
    --size_;
    forget_if_empty(longest);
    return result;
  }

  void forget_if_empty(place which) {
    if (!which->items.empty())
      return;
    by_party_.erase(which->whose);
    lines_.erase(which);
  }

  std::size_t capacity_;
  std::size_t size_ = 0;
  /// Whose turn is next is in front.
  std::list<line> lines_;
  std::unordered_map<Party, place, Hash> by_party_;
};

} // namespace switchboard::net
