#define CAF_SUITE log_levels
#include <caf/test/unit_test.hpp>

#include "service/log_levels.hpp"

using namespace switchboard;
using namespace switchboard::service;

namespace {

using severity = report::severity;

} // namespace

CAF_TEST(a part without a level of its own has that of all) {
  log_levels what;
  what.level = log_level::warn;
  what.parts[index_of(report_part::tls)] = log_level::trace;
  CAF_CHECK(what.of(report_part::tls) == log_level::trace);
  CAF_CHECK(what.of(report_part::flow) == log_level::warn);
  CAF_CHECK_EQUAL(to_fields(what),
                  (string_pairs{{"level", "warn"}, {"tls", "trace"}}));
}

CAF_TEST(a change leaves alone what it does not name) {
  log_levels what;
  what.parts[index_of(report_part::tls)] = log_level::trace;
  what.parts[index_of(report_part::flow)] = log_level::off;
  auto next = apply({log_level::error,
                     {{report_part::tls, std::nullopt},
                      {report_part::socket, log_level::debug}}},
                    what);
  CAF_CHECK_EQUAL(
      to_fields(next),
      (string_pairs{{"level", "error"}, {"socket", "debug"}, {"flow", "off"}}));
  CAF_CHECK_EQUAL(to_fields(apply({}, next)), to_fields(next));
}

CAF_TEST(a filter wants each part from its level on) {
  report_filter filter;
  CAF_CHECK(filter.wants(report_part::flow, severity::debug));
  log_levels what;
  what.parts[index_of(report_part::tls)] = log_level::error;
  what.parts[index_of(report_part::flow)] = log_level::off;
  what.parts[index_of(report_part::reload)] = log_level::trace;
  adjust(filter, what);
  CAF_CHECK(!filter.wants(report_part::socket, severity::debug));
  CAF_CHECK(filter.wants(report_part::socket, severity::info));
  CAF_CHECK(!filter.wants(report_part::tls, severity::warning));
  CAF_CHECK(filter.wants(report_part::tls, severity::error));
  CAF_CHECK(!filter.wants(report_part::flow, severity::error));
  CAF_CHECK(filter.wants(report_part::reload, severity::debug));
}

CAF_TEST(a report function hands out what its filter wants) {
  auto filter = std::make_shared<report_filter>();
  std::vector<std::string> seen;
  report_function nobody;
  CAF_CHECK(!nobody && !nobody.wants(report_part::flow, severity::error));
  nobody({severity::error, "into the void", {}, report_part::flow});
  report_function take{[&](const report& what) { seen.push_back(what.text); },
                       filter};
  filter->want(report_part::flow, severity::warning);
  CAF_CHECK(take && !take.wants(report_part::flow, severity::info));
  take({severity::info, "flow, info", {}, report_part::flow});
  take({severity::warning, "flow, warning", {}, report_part::flow});
  take({severity::info, "service, info", {}});
  filter->want_none(report_part::service);
  take({severity::error, "service, error", {}});
  CAF_CHECK_EQUAL(seen,
                  (std::vector<std::string>{"flow, warning", "service, info"}));
  CAF_MESSAGE("without a filter everything is wanted");
  report_function all = [&](const report& what) {
    seen.push_back(what.text);
  };
  all({severity::debug, "all", {}, report_part::socket});
  CAF_CHECK_EQUAL(seen.back(), "all");
}
