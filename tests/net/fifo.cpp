#define CAF_SUITE fifo
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

#include "net/fifo.hpp"

using namespace switchboard::net;

namespace {

using number = std::unique_ptr<int>;

number make(int x) {
  return std::make_unique<int>(x);
}

bool same(const fifo<number>& list, const std::deque<int>& expected) {
  return std::equal(list.begin(), list.end(), expected.begin(), expected.end(),
                    [](auto& x, int y) { return x && *x == y; });
}

} // namespace

CAF_TEST(a fifo holds what a deque would) {
  fifo<number> list;
  std::deque<int> expected;
  std::mt19937 dice{7};
  auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(dice);
  };
  for (auto i = 0; i < 20'000; ++i) {
    // Grows for a while, then shrinks to nothing, and so on.
    auto grows = below(10) < (i / 1000 % 2 == 0 ? 7u : 3u);
    auto index = static_cast<std::ptrdiff_t>(below(expected.size() + 1));
    if (grows && below(8) == 0) {
      list.insert(list.begin() + index, make(i));
      expected.insert(expected.begin() + index, i);
    } else if (grows) {
      list.push_back(make(i));
      expected.push_back(i);
    } else if (!expected.empty() && below(8) == 0) {
      list.erase(list.begin() + index, list.end());
      expected.erase(expected.begin() + index, expected.end());
    } else if (!expected.empty()) {
      list.pop_front();
      expected.pop_front();
    }
    CAF_REQUIRE(same(list, expected));
    CAF_REQUIRE_EQUAL(list.empty(), expected.empty());
    CAF_REQUIRE_EQUAL(list.size(), expected.size());
  }
}

CAF_TEST(entries are destroyed when they leave and with their fifo) {
  auto shared = std::make_shared<int>(1);
  {
    fifo<std::shared_ptr<int>> list;
    for (auto i = 0; i < 100; ++i)
      list.push_back(shared);
    list.pop_front();
    CAF_CHECK_EQUAL(shared.use_count(), 100);
    list.erase(list.begin() + 10, list.begin() + 20);
    CAF_CHECK_EQUAL(shared.use_count(), 90);
  }
  CAF_CHECK_EQUAL(shared.use_count(), 1);
}

CAF_TEST(a list that stays short asks the heap for nothing) {
  fifo<number> list;
  list.push_back(nullptr);
  list.push_back(nullptr);
  auto before = block_pool::misses();
  for (auto i = 0; i < 1000; ++i) {
    list.push_back(nullptr);
    list.pop_front();
  }
  list.clear();
  for (auto i = 0; i < 1000; ++i) {
    list.push_back(nullptr);
    list.pop_front();
  }
  CAF_CHECK(block_pool::misses() - before <= 2);
}
