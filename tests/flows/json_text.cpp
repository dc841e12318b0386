#define CAF_SUITE flows.json_text

#include <limits>

#include <caf/test/unit_test.hpp>

#include "flows/document.hpp"
#include "flows/json_text.hpp"

using namespace switchboard;
using namespace switchboard::flows;

namespace {

std::string json_of(std::string_view text) {
  std::string result;
  append_json(result, boost::json::parse({text.data(), text.size()}));
  return result;
}

std::string number_of(double x) {
  std::string result;
  append_number(result, x);
  return result;
}

} // namespace

CAF_TEST(JSON is written as it was read) {
  for (std::string text :
       {R"({"b":1,"a":[true,false,null]})", R"([])", R"({})", R"("\"\\\n\t\r")",
        R"("\u0001\u001f")", R"([0.5,-3,18446744073709551615])",
        "\"gr\xC3\xBC\xC3\x9F\""})
    CAF_CHECK_EQUAL(json_of(text), text);
}

CAF_TEST(numbers look as people write them) {
  CAF_CHECK_EQUAL(number_of(3.0), "3");
  CAF_CHECK_EQUAL(number_of(-0.25), "-0.25");
  CAF_CHECK_EQUAL(number_of(1e15), "1000000000000000");
  CAF_CHECK_EQUAL(number_of(1e300), "1e+300");
  CAF_CHECK_EQUAL(number_of(0.1), "0.1");
  auto endless = std::numeric_limits<double>::infinity();
  CAF_CHECK_EQUAL(number_of(endless), "inf");
  std::string json;
  append_json(json, boost::json::array{endless, 2.0});
  CAF_CHECK_EQUAL(json, "[null,2]");
}

CAF_TEST(UTF - 8 is told from other bytes) {
  for (std::string text :
       {"", "plain", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
    CAF_CHECK(is_utf8(text));
  for (std::string text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xFF", "a\xC3(", "\xE2\x28\xA1"})
    CAF_CHECK(!is_utf8(text));
}

CAF_TEST(the MIME types of JSON are known) {
  for (auto type : {"application/json", "Application/JSON; charset=utf-8",
                    " application/json ", "application/problem+json",
                    "application/vnd.api+JSON;v=1"})
    CAF_CHECK(is_json_type(type));
  for (auto type : {"", "text/plain", "application/jsonx", "json",
                    "xapplication/json", "application/json+xml"})
    CAF_CHECK(!is_json_type(type));
}
