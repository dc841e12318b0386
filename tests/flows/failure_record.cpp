#define CAF_SUITE flows.failure_record

#include <caf/test/unit_test.hpp>

#include "flows/failure_record.hpp"

using switchboard::flows::failure_record;

CAF_TEST(a record comes back as it was) {
  failure_record record;
  record.add({"APP:A", "one \"two\"\n"});
  record.add({"APP:B", "f\xC3\xBC"
                       "nf"});
  auto read = failure_record::parse(record.render());
  CAF_REQUIRE(read);
  CAF_CHECK_EQUAL(read->count, 2u);
  CAF_REQUIRE_EQUAL(read->past.size(), 2u);
  CAF_CHECK_EQUAL(read->past[0].message, "one \"two\"\n");
  CAF_CHECK_EQUAL(read->past[1].type, "APP:B");
  CAF_CHECK_EQUAL(read->past[1].message, "f\xC3\xBC"
                                         "nf");
}

CAF_TEST(only the last errors are kept) {
  failure_record record;
  for (auto i = 1; i <= 25; ++i)
    record.add({"APP:A", std::to_string(i)});
  CAF_CHECK_EQUAL(record.count, 25u);
  CAF_REQUIRE_EQUAL(record.past.size(), 10u);
  CAF_CHECK_EQUAL(record.past.front().message, "16");
  CAF_CHECK_EQUAL(record.past.back().message, "25");
}

CAF_TEST(long errors are cut between characters) {
  failure_record record;
  record.add({"APP:A", std::string(255, 'a') + "\xC3\xBC" + "b"});
  CAF_CHECK_EQUAL(record.past[0].message, std::string(255, 'a'));
  record.add({"APP:A", std::string(256, 'a')});
  CAF_CHECK_EQUAL(record.past[1].message.size(), 256u);
}

CAF_TEST(what is no record is told) {
  for (auto text :
       {"", "{}", "[]", "7", R"({"count": -1, "past": []})",
        R"({"count": "1", "past": []})", R"({"count": 1, "past": {}})",
        R"({"count": 1, "past": [7]})",
        R"({"count": 1, "past": [{"type": "A"}]})", R"({"count": 1})"})
    CAF_CHECK(!failure_record::parse(text));
}
