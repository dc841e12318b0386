// Loads arbitrary text as a configuration file, without variables and files.
// Whatever it is, the answer is options or diagnostics that have a place in
// the text.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.hpp"

namespace {

void require(bool condition) {
  if (!condition)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  static const auto nothing = switchboard::config::empty_environment();
  auto result = switchboard::config::load(text, "/", nothing);
  switchboard::source_place last;
  for (auto& problem : result.diagnostics) {
    require(!problem.message.empty());
    // A place is at most one behind the text's last line or column.
    require(problem.at.line >= 1 && problem.at.line <= size + 1);
    require(problem.at.column >= 1 && problem.at.column <= size + 1);
    require(
        problem.at.line > last.line
        || (problem.at.line == last.line && problem.at.column >= last.column));
    last = problem.at;
    for (auto c : switchboard::config::render(problem, "file"))
      require(static_cast<unsigned char>(c) >= 0x20);
  }
  return 0;
}
