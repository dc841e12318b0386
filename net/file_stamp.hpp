#pragma once

#include <cstdint>
#include <string>

namespace switchboard::net {

/// What tells that a file was written to or another stands in its place, also
/// at the end of symbolic links.
struct file_stamp {
  /// All of it 0 where there is no such file.
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  /// Nanoseconds of the last change of content and of anything.
  std::int64_t modified = 0;
  std::int64_t changed = 0;

  bool operator==(const file_stamp&) const = default;
};

file_stamp stamp_of(const std::string& path);

} // namespace switchboard::net
