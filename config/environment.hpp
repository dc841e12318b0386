#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace switchboard::config {

/// A file's text, or why there is none.
struct file_text {
  std::optional<std::string> text;
  /// What the operating system says, for a message.
  std::string problem;
};

/// What `${NAME}` and `${file:PATH}` are replaced from.
struct environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<file_text(const std::filesystem::path& file)> file;
};

/// The environment variables and files of this process.
environment process_environment();

/// No variable is set and no file can be read: for text of unknown origin.
environment empty_environment();

/// Reads a file, a pipe or a device to its end.
/// @param limit more bytes than this are refused.
file_text read_file(const std::filesystem::path& file, std::size_t limit);

} // namespace switchboard::config
