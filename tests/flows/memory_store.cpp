#define CAF_SUITE flows.memory_store

#include <caf/test/unit_test.hpp>

#include "flows/store/memory_store.hpp"
#include "tests/flows/store_calls.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture {
  fixture() {
    options.name = "m";
    options.entry_ttl = std::chrono::seconds{10};
    options.max_entries = 3;
    store = std::make_unique<memory_store>(options, [this] { return now; });
  }

  object_store_options options;
  memory_store::time_point now{};
  std::unique_ptr<memory_store> store;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(memory_store_tests, fixture)

CAF_TEST(an entry is kept and changed and dropped) {
  CAF_CHECK_EQUAL(load(*store, "a"), "-");
  CAF_CHECK_EQUAL(append(*store, "a", "1"), "1");
  CAF_CHECK_EQUAL(append(*store, "a", "2"), "12");
  CAF_CHECK_EQUAL(load(*store, "a"), "12");
  CAF_CHECK_EQUAL(remove(*store, "a"), "-");
  CAF_CHECK_EQUAL(load(*store, "a"), "-");
  CAF_CHECK_EQUAL(remove(*store, "a"), "-");
  CAF_CHECK_EQUAL(store->statistics().entries, 0u);
}

CAF_TEST(an entry outlives its last change by the time to live) {
  append(*store, "a", "1");
  now += std::chrono::seconds{9};
  append(*store, "a", "2");
  append(*store, "b", "1");
  now += std::chrono::seconds{9};
  CAF_CHECK_EQUAL(load(*store, "a"), "12");
  now += std::chrono::seconds{1};
  CAF_CHECK_EQUAL(load(*store, "a"), "-");
  CAF_CHECK_EQUAL(append(*store, "b", "2"), "2");
  CAF_CHECK_EQUAL(store->statistics().expired, 2u);
  CAF_CHECK_EQUAL(store->statistics().entries, 1u);
}

CAF_TEST(what was changed longest ago makes room) {
  for (auto key : {"a", "b", "c"})
    append(*store, key, "1");
  append(*store, "a", "2");
  append(*store, "d", "1");
  CAF_CHECK_EQUAL(load(*store, "b"), "-");
  CAF_CHECK_EQUAL(load(*store, "a"), "12");
  CAF_CHECK_EQUAL(store->statistics().evicted, 1u);
  CAF_CHECK_EQUAL(store->statistics().entries, 3u);
}

CAF_TEST(a change that throws changes nothing) {
  append(*store, "a", "1");
  CAF_CHECK_EQUAL(break_off(*store, "a"),
                  "!OS:STORE_NOT_AVAILABLE: object store m: broken");
  CAF_CHECK_EQUAL(load(*store, "a"), "1");
  CAF_CHECK_EQUAL(store->statistics().failed, 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
