#define CAF_SUITE net.trace_context

#include "net/trace_context.hpp"

#include <caf/test/unit_test.hpp>

using namespace switchboard::net;

namespace {

constexpr std::string_view good =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

} // namespace

CAF_TEST(a parent gives its trace to the calls below) {
  auto parent = parse_traceparent(good);
  CAF_REQUIRE(parent.has_value());
  CAF_CHECK_EQUAL(std::string{parent->trace_id},
                  "4bf92f3577b34da6a3ce929d0e0e4736");
  CAF_CHECK_EQUAL(make_traceparent(*parent, 0x1Full),
                  "00-4bf92f3577b34da6a3ce929d0e0e4736-000000000000001f-01");
  auto higher = std::string{good};
  higher.replace(0, 2, "cc");
  higher.replace(53, 2, "fe");
  higher += "-more";
  parent = parse_traceparent(higher);
  CAF_REQUIRE(parent.has_value());
  CAF_CHECK_EQUAL(make_traceparent(*parent, 1).substr(52), "-00");
}

CAF_TEST(what is malformed is none) {
  for (auto [at, with] : {std::pair{0, "ff"},
                          {0, "0G"},
                          {2, "_"},
                          {3, "A"},
                          {35, "_"},
                          {36, "G"},
                          {52, "_"},
                          {54, "x"}}) {
    std::string text{good};
    text.replace(static_cast<std::size_t>(at), std::string_view{with}.size(),
                 with);
    CAF_MESSAGE(text);
    CAF_CHECK(!parse_traceparent(text));
  }
  std::string zero{good};
  CAF_CHECK(!parse_traceparent(zero.replace(3, 32, std::string(32, '0'))));
  zero = std::string{good};
  CAF_CHECK(!parse_traceparent(zero.replace(36, 16, std::string(16, '0'))));
  CAF_CHECK(!parse_traceparent(std::string{good} + "-more"));
  CAF_CHECK(!parse_traceparent("cc" + std::string{good.substr(2)} + "more"));
  CAF_CHECK(!parse_traceparent(good.substr(0, 54)));
  CAF_CHECK(!parse_traceparent(""));
}

CAF_TEST(a state is passed on where it can be a header) {
  CAF_CHECK(is_tracestate("a=1,b=2"));
  for (auto text : {"", " a=1", "a=1 ", "a=\x01", "a=\xC3\xA9"})
    CAF_CHECK(!is_tracestate(text));
  CAF_CHECK(is_tracestate(std::string(512, 'a')));
  CAF_CHECK(!is_tracestate(std::string(513, 'a')));
}
