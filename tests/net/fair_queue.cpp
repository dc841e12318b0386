#define CAF_SUITE fair_queue
#include <caf/test/unit_test.hpp>

#include <memory>
#include <string>

#include "net/fair_queue.hpp"

using switchboard::net::fair_queue;

namespace {

/// Cannot be copied, as what it is for.
using item = std::unique_ptr<std::string>;

struct fixture {
  /// @returns what was lost; "-": nothing.
  std::string push(char whose, std::string what) {
    auto lost = queue.push(whose, std::make_unique<std::string>(what));
    return lost ? **lost : "-";
  }

  std::string pop() {
    auto next = queue.pop();
    return next ? **next : "-";
  }

  std::string pop_all() {
    std::string result;
    for (auto next = pop(); next != "-"; next = pop())
      result += next + " ";
    CAF_CHECK(queue.empty());
    return result;
  }

  fair_queue<char, item> queue{4};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(fair_queue_tests, fixture)

CAF_TEST(one party alone has the room and its order) {
  CAF_CHECK(queue.empty());
  CAF_CHECK(!queue.pop());
  for (auto text : {"a1", "a2", "a3", "a4"})
    CAF_CHECK_EQUAL(push('a', text), "-");
  CAF_CHECK_EQUAL(push('a', "a5"), "a5");
  CAF_CHECK_EQUAL(queue.size(), 4u);
  CAF_CHECK_EQUAL(pop_all(), "a1 a2 a3 a4 ");
  CAF_CHECK_EQUAL(push('a', "a6"), "-");
  CAF_CHECK_EQUAL(pop_all(), "a6 ");
}

CAF_TEST(parties are served in turn) {
  for (auto text : {"a1", "a2"})
    push('a', text);
  for (auto text : {"b1", "c1"})
    push(text[0], text);
  CAF_CHECK_EQUAL(pop(), "a1");
  // Whoever comes again stands behind those who wait.
  push('d', "d1");
  CAF_CHECK_EQUAL(pop_all(), "b1 c1 a2 d1 ");
}

CAF_TEST(whoever has most makes room) {
  for (auto text : {"a1", "a2", "a3", "a4"})
    push('a', text);
  CAF_CHECK_EQUAL(push('b', "b1"), "a4");
  CAF_CHECK_EQUAL(push('a', "a5"), "a5");
  CAF_CHECK_EQUAL(push('b', "b2"), "a3");
  // As much as anybody else is not too much.
  CAF_CHECK_EQUAL(push('b', "b3"), "b3");
  CAF_CHECK_EQUAL(push('c', "c1"), "a2");
  CAF_CHECK_EQUAL(push('d', "d1"), "b2");
  // Nobody has more than one.
  CAF_CHECK_EQUAL(push('e', "e1"), "e1");
  CAF_CHECK_EQUAL(queue.size(), 4u);
  CAF_CHECK_EQUAL(pop_all(), "a1 b1 c1 d1 ");
}

CAF_TEST(without room nothing is taken) {
  fair_queue<char, item> none{0};
  CAF_CHECK(none.push('a', std::make_unique<std::string>("a")).has_value());
  CAF_CHECK(!none.pop());
}

CAF_TEST_FIXTURE_SCOPE_END()
