#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>

#include "net/unique_fd.hpp"

namespace switchboard::net {

/// A file without a name: gone with its descriptor, whatever ends the process.
/// Its members may wait for a disk.
class temporary_file {
public:
  /// @param directory on whose file system it lies.
  std::error_code open(const std::string& directory);

  bool is_open() const noexcept {
    return static_cast<bool>(fd_);
  }

  /// Writes all of the bytes, or tells why it could not.
  std::error_code write(std::uint64_t offset, std::span<const std::byte> bytes);

  /// Reads as many bytes as `out` holds; an end before is an error.
  std::error_code read(std::uint64_t offset, std::span<std::byte> out) const;

private:
  unique_fd fd_;
};

} // namespace switchboard::net
