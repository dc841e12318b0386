#define CAF_SUITE config.object_store

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;
using namespace std::literals;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

} // namespace

CAF_TEST(every key of a store is read) {
  auto stores = good(with(R"([object_store.a]
[object_store.b]
type = "sqlite"
path = "sub/../counts.db"
entry_ttl = "2h"
max_entries = 7
[object_store.c]
type = "memory"
)"))
                    .object_stores;
  CAF_REQUIRE_EQUAL(stores.size(), 3u);
  CAF_CHECK_EQUAL(stores[0].name, "a");
  CAF_CHECK(stores[0].type == object_store_type::memory);
  CAF_CHECK(stores[0].entry_ttl == 5min);
  CAF_CHECK_EQUAL(stores[0].max_entries, 100'000u);
  CAF_CHECK_EQUAL(stores[0].at.line, 6u);
  CAF_CHECK(stores[1].type == object_store_type::sqlite);
  CAF_CHECK_EQUAL(stores[1].path, "/etc/switchboard/sub/../counts.db");
  CAF_CHECK(stores[1].entry_ttl == 2h);
  CAF_CHECK_EQUAL(stores[1].max_entries, 7u);
  CAF_CHECK(stores[2].type == object_store_type::memory);
}

CAF_TEST(what is wrong with a store is told) {
  check_rows(
      with("[object_store.a]\n"),
      {{R"(type = "cluster")",
        "8: object_store.a.type: \"cluster\" is not available yet, expected "
        "\"memory\" or \"sqlite\""},
       {R"(type = "redis")",
        "8: object_store.a.type: \"redis\" is unknown, expected \"memory\" or "
        "\"sqlite\""},
       {R"(path = "x")",
        "1: object_store.a.path: has no effect here, expected it only with "
        "type \"sqlite\""},
       {R"(entry_ttl = "0s")", "13: object_store.a.entry_ttl: \"0s\" is too "
                               "short, expected a duration "
                               "such as \"250ms\" or \"15min\" longer than 0"},
       {"max_entries = 0",
        "15: object_store.a.max_entries: 0 is out of range, expected an "
        "integer from 1 to 2147483647"},
       {R"(typ = "memory")",
        "1: object_store.a.typ: is an unknown key, the nearest known key is "
        "type"}});
}

CAF_TEST(a file needs a path of its own) {
  CAF_CHECK_EQUAL(problems_of(with("[object_store.a]\ntype = \"sqlite\"\n")),
                  "6:1: object_store.a.path: is missing, expected the path of "
                  "a file\n");
  CAF_CHECK_EQUAL(
      problems_of(with("[object_store.a]\ntype = \"sqlite\"\npath = \"\"\n")),
      "8:8: object_store.a.path: \"\" is no file, expected a path\n");
  CAF_CHECK_EQUAL(
      problems_of(with("[object_store.a]\ntype = \"sqlite\"\npath = \"x\"\n"
                       "[object_store.b]\ntype = \"sqlite\"\n"
                       "path = \"y/../x\"\n")),
      "11:8: object_store.b.path: is the file of the store of line 8, expected "
      "another\n");
}
