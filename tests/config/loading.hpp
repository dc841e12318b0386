#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include <caf/test/unit_test.hpp>

#include "config/load.hpp"

namespace switchboard::config::testing {

/// What tests run in: variables `SECRET`, `PORT`, `YES`, `FACTOR`, `HALF` and
/// `NOT_UTF8`, and the files `/etc/switchboard/password` and `/elsewhere`.
inline environment test_environment() {
  return {
      [](const std::string& name) -> std::optional<std::string> {
        if (name == "SECRET")
          return "hunter2";
        if (name == "PORT")
          return "8081";
        if (name == "YES")
          return "true";
        if (name == "FACTOR")
          return "1.5";
        if (name == "HALF")
          return "#[payload";
        if (name == "REFERENCE")
          return "${SECRET}";
        if (name == "NOT_UTF8")
          return "\xC0\x80";
        return std::nullopt;
      },
      [](const std::filesystem::path& file) -> file_text {
        if (file == "/etc/switchboard/password")
          return {"correct-horse\r\n", {}};
        if (file == "/elsewhere")
          return {"two\n\n", {}};
        return {std::nullopt, "No such file or directory"};
      },
  };
}

inline load_result load_text(std::string_view text) {
  return load(text, "/etc/switchboard", test_environment());
}

/// All diagnostics of a text, one a line, without the file's name.
inline std::string problems_of(std::string_view text) {
  std::string result;
  for (auto& problem : load_text(text).diagnostics)
    result += render(problem, "").substr(1) + '\n';
  return result;
}

/// The document of a text that has nothing wrong.
inline document good(std::string_view text) {
  auto result = load_text(text);
  for (auto& problem : result.diagnostics)
    CAF_ERROR(render(problem, "f"));
  CAF_REQUIRE(result.diagnostics.empty());
  return std::move(result.value);
}

/// A line below a header, and what is wrong with it: lines of
/// `COLUMN: key: message`, empty for nothing.
struct row {
  std::string_view line;
  std::string_view expected;
};

inline void check_rows(std::string_view header,
                       std::initializer_list<row> rows) {
  auto number =
      std::to_string(std::count(header.begin(), header.end(), '\n') + 1);
  for (auto& [line, expected] : rows) {
    std::string wanted;
    for (auto rest = expected; !rest.empty();) {
      auto end = rest.find('\n');
      wanted += number + ':' + std::string{rest.substr(0, end)} + '\n';
      rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    }
    auto text = std::string{header} + std::string{line} + '\n';
    CAF_CHECK_EQUAL(problems_of(text), wanted);
  }
}

/// A file with nothing wrong, to add to.
inline constexpr std::string_view small_file = R"([http_listener.main]
host = "127.0.0.1"
port = 8080
[websocket.chat.server]
listener = "main"
)";

} // namespace switchboard::config::testing
