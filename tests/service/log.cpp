#define CAF_SUITE log
#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <unistd.h>

#include "service/log.hpp"
#include "service/log_line.hpp"
#include "tests/service/json_text.hpp"

using namespace switchboard;
using namespace switchboard::service;

namespace {

std::string text_line(std::string_view text, const string_pairs& fields) {
  return to_text_line({1'767'225'600'000'000'000, log_level::info,
                       report_part::listener, text, fields});
}

/// A file that is gone when the test is over.
struct scratch_file {
  scratch_file()
      : path(std::filesystem::temp_directory_path()
             / ("switchboard-log-" + std::to_string(::getpid()))) {
    std::filesystem::remove(path);
  }

  ~scratch_file() {
    std::filesystem::remove(path);
  }

  std::string content() const {
    std::ifstream in{path};
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  std::filesystem::path path;
};

} // namespace

CAF_TEST(a text line has time level text and fields) {
  CAF_CHECK_EQUAL(text_line("listening", {{"listener", "main"},
                                          {"address", "127.0.0.1:8080"}}),
                  "2026-01-01T00:00:00.000Z info  listening listener=main "
                  "address=127.0.0.1:8080 part=listener");
}

CAF_TEST(values are quoted where they need it) {
  CAF_CHECK_EQUAL(
      text_line("x", {{"a", ""},
                      {"b", "two words"},
                      {"c", "say \"hi\""},
                      {"d", "a=b"},
                      {"e", "a\\b"},
                      {"f", "\xC3\xA4"}}),
      "2026-01-01T00:00:00.000Z info  x a=\"\" b=\"two words\" "
      "c=\"say \\\"hi\\\"\" d=\"a=b\" e=\"a\\\\b\" f=\xC3\xA4 part=listener");
}

CAF_TEST(nothing that a peer sends begins a line or steers a terminal) {
  auto line = text_line("path /\r\n2026 error forged\x1B[2J",
                        {{"id", "a\nb\x7F\xC2\x9B\xE2\x80\xA8\xE2\x80\xAE"},
                         {"raw", "\xFF"},
                         {"x\ny", "z"}});
  CAF_CHECK_EQUAL(line,
                  "2026-01-01T00:00:00.000Z info  path /\\r\\n2026 error "
                  "forged\\u001b[2J "
                  "id=\"a\\nb\\u007f\\u009b\\u2028\\u202e\" raw=\"\\xff\" "
                  "x\\ny=z part=listener");
}

CAF_TEST(a JSON line is one object with the fields beside the text) {
  auto fields = string_pairs{{"listener", "main"},
                             {"level", "high"},
                             {"part", "one"},
                             {"text", "a\n\"\xFF"}};
  auto line = to_json_line({1'767'225'600'000'000'000, log_level::warn,
                            report_part::tls, "t", fields});
  CAF_CHECK(line.find('\n') == std::string::npos);
  auto value = boost::json::parse(line);
  CAF_CHECK_EQUAL(test::text_of(value.at("time")), "2026-01-01T00:00:00.000Z");
  CAF_CHECK_EQUAL(test::text_of(value.at("level")), "warn");
  CAF_CHECK_EQUAL(test::text_of(value.at("message")), "t");
  CAF_CHECK_EQUAL(test::text_of(value.at("listener")), "main");
  CAF_CHECK_EQUAL(test::text_of(value.at("level_")), "high");
  CAF_CHECK_EQUAL(test::text_of(value.at("part")), "tls");
  CAF_CHECK_EQUAL(test::text_of(value.at("part_")), "one");
  CAF_CHECK_EQUAL(test::text_of(value.at("text")), "a\n\"\xEF\xBF\xBD");
}

CAF_TEST(a log writes what its level asks for to its file) {
  scratch_file file;
  log_options options;
  options.level = log_level::warn;
  options.file = file.path.string();
  std::string problem;
  auto lines = log::open(options, problem);
  CAF_REQUIRE(lines != nullptr);
  lines->write(log_level::info, "quiet");
  lines->write(log_level::error, "{} is no format", {{"a", "%v"}});
  reporter(lines)({report::severity::warning, "from a report", {{"b", "1"}}});
  reporter(lines)({report::severity::info, "quiet", {}});
  auto text = file.content();
  CAF_CHECK(text.find("quiet") == std::string::npos);
  CAF_CHECK(text.find(" error {} is no format a=%v part=service\n")
            != std::string::npos);
  CAF_CHECK(text.find(" warn  from a report b=1 part=service\n")
            != std::string::npos);
}

CAF_TEST(parts are written by their own levels) {
  scratch_file file;
  log_options options;
  options.level = log_level::warn;
  options.levels[index_of(report_part::tls)] = log_level::debug;
  options.levels[index_of(report_part::flow)] = log_level::off;
  options.file = file.path.string();
  std::string problem;
  auto lines = log::open(options, problem);
  CAF_REQUIRE(lines != nullptr);
  auto report_all = [report = reporter(lines)](std::string text) {
    for (auto part : {report_part::tls, report_part::flow, report_part::limit})
      for (auto level : {report::severity::debug, report::severity::error})
        report({level, text, {}, part});
  };
  auto written = [&] {
    std::string result;
    std::istringstream in{file.content()};
    for (std::string line; std::getline(in, line);)
      result += line.substr(25) + "\n";
    return result;
  };
  report_all("a");
  CAF_CHECK_EQUAL(written(), "debug a part=tls\n"
                             "error a part=tls\n"
                             "error a part=limit\n");
  CAF_MESSAGE("what is left out of a change stays");
  std::filesystem::resize_file(file.path, 0);
  auto now = lines->change_levels({std::nullopt,
                                   {{report_part::tls, std::nullopt},
                                    {report_part::flow, log_level::error}}});
  CAF_CHECK(now.level == log_level::warn);
  report_all("b");
  CAF_CHECK_EQUAL(written(), "error b part=tls\n"
                             "error b part=flow\n"
                             "error b part=limit\n");
  CAF_MESSAGE("other options replace all levels");
  std::filesystem::resize_file(file.path, 0);
  options.level = log_level::off;
  options.levels = {};
  options.levels[index_of(report_part::limit)] = log_level::trace;
  CAF_REQUIRE(lines->change(options, problem));
  report_all("c");
  CAF_CHECK_EQUAL(written(), "debug c part=limit\n"
                             "error c part=limit\n");
}

CAF_TEST(lines that were left out are counted) {
  scratch_file file;
  log_options options;
  options.file = file.path.string();
  std::string problem;
  auto lines = log::open(options, problem);
  CAF_REQUIRE(lines != nullptr);
  for (int i = 0; i < 25; ++i) {
    lines->write(log_level::warn, "again");
    lines->write(log_level::info, "each is of its own");
  }
  CAF_CHECK_EQUAL(lines->left_out(), 5u);
}

CAF_TEST(a log file that cannot be opened is a problem in words) {
  log_options options;
  options.file = "/dev/null/log";
  std::string problem;
  CAF_CHECK(log::open(options, problem) == nullptr);
  CAF_CHECK(problem.find("/dev/null/log") != std::string::npos);
}
