#pragma once

#include <span>
#include <string_view>

namespace switchboard::service {

/// A file that is part of the program.
struct embedded_file {
  std::string_view name;
  std::string_view bytes;
};

/// All of them.
std::span<const embedded_file> embedded_files() noexcept;

} // namespace switchboard::service
