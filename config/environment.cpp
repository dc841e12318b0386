#include "config/environment.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace switchboard::config {

namespace {

/// A password or a key: anything longer is a mistake.
constexpr std::size_t max_substituted_file = 1024 * 1024;

struct closer {
  void operator()(std::FILE* file) const noexcept {
    std::fclose(file);
  }
};

file_text failure(int code) {
  return {std::nullopt, std::generic_category().message(code)};
}

} // namespace

file_text read_file(const std::filesystem::path& file, std::size_t limit) {
  std::unique_ptr<std::FILE, closer> in{std::fopen(file.c_str(), "rbe")};
  if (in == nullptr)
    return failure(errno);
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    auto n = std::fread(buffer, 1, sizeof(buffer), in.get());
    text.append(buffer, n);
    if (text.size() > limit)
      return {std::nullopt, "more than " + std::to_string(limit) + " bytes"};
    if (n < sizeof(buffer)) {
      if (std::ferror(in.get()) != 0)
        return failure(errno);
      return {std::move(text), {}};
    }
  }
}

environment process_environment() {
  return {
      [](const std::string& name) -> std::optional<std::string> {
        if (auto* value = std::getenv(name.c_str()))
          return std::string{value};
        return std::nullopt;
      },
      [](const std::filesystem::path& file) {
        return read_file(file, max_substituted_file);
      },
  };
}

environment empty_environment() {
  return {
      [](const std::string&) -> std::optional<std::string> {
        return std::nullopt;
      },
      [](const std::filesystem::path&) {
        return file_text{std::nullopt, "reading files is turned off"};
      },
  };
}

} // namespace switchboard::config
