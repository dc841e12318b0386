#define CAF_SUITE parameters
#include <caf/test/unit_test.hpp>

#include "service/api/routes.hpp"

using namespace switchboard;
using namespace switchboard::service::api;

namespace {

const std::vector<parameter>& closing() {
  static const auto all = [] {
    auto result = filter_parameters();
    for (auto& more : closing_parameters())
      result.push_back(more);
    result.push_back({"limit", value_kind::limit, {}});
    result.push_back({"after", value_kind::text, {}});
    return result;
  }();
  return all;
}

bool is_wrong(const string_pairs& query) {
  return complaint(closing(), query).has_value();
}

} // namespace

CAF_TEST(a query of known parameters is taken) {
  CAF_CHECK(!is_wrong({}));
  CAF_CHECK(!is_wrong({{"config", "main"},
                       {"path", "/chat/*"},
                       {"type", "INBOUND"},
                       {"group", "a"},
                       {"group", "b"},
                       {"code", "NORMAL_CLOSURE"},
                       {"reason", ""},
                       {"limit", "1000"},
                       {"after", ""}}));
}

CAF_TEST(an unknown parameter is named together with the known) {
  auto text = complaint(closing(), {{"groups", "a"}});
  CAF_REQUIRE(text);
  CAF_CHECK(text->find("`groups`") != std::string::npos);
  CAF_CHECK(text->find("config, path, type, group") != std::string::npos);
}

CAF_TEST(only a repeatable parameter may stand twice) {
  CAF_CHECK(is_wrong({{"config", "a"}, {"config", "a"}}));
  CAF_CHECK(!is_wrong({{"group", "a"}, {"group", "a"}}));
}

CAF_TEST(an empty name is wrong because it would mean everything) {
  for (auto name : {"config", "path", "group"})
    CAF_CHECK(is_wrong({{name, ""}}));
}

CAF_TEST(limits types codes and reasons have their range) {
  for (auto value : {"", "0", "1001", "-1", "+1", "1.5", "ten", "1 ",
                     "99999999999999999999"})
    CAF_CHECK(is_wrong({{"limit", value}}));
  for (auto value : {"", "inbound", "BOTH"})
    CAF_CHECK(is_wrong({{"type", value}}));
  for (auto value : {"", "normal_closure", "999", "1005", "1006", "1015",
                     "2000", "5000", "01000x"})
    CAF_CHECK(is_wrong({{"code", value}}));
  for (auto value :
       {"1000", "1003", "1007", "1014", "3000", "4999", "MESSAGE_TOO_LARGE"})
    CAF_CHECK(!is_wrong({{"code", value}}));
  CAF_CHECK(!is_wrong({{"reason", std::string(123, 'x')}}));
  CAF_CHECK(is_wrong({{"reason", std::string(124, 'x')}}));
}

CAF_TEST(a filter takes what the query says) {
  request from;
  from.query = {{"config", "main"},
                {"path", "/chat/*"},
                {"type", "OUTBOUND"},
                {"group", "a"},
                {"group", "b"}};
  auto filter = filter_of(from);
  CAF_CHECK_EQUAL(filter.config, "main");
  CAF_CHECK_EQUAL(filter.path, "/chat/*");
  CAF_CHECK(filter.type == socket_type_filter::outbound);
  CAF_CHECK(filter.groups == (std::vector<std::string>{"a", "b"}));
  CAF_CHECK(filter_of({}).type == socket_type_filter::all);
}
