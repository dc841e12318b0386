#include "net/file_stamp.hpp"

#include <sys/stat.h>

namespace switchboard::net {

namespace {

std::int64_t in_nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

} // namespace

file_stamp stamp_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return {};
  return {found.st_dev, found.st_ino, static_cast<std::uint64_t>(found.st_size),
          in_nanoseconds(found.st_mtim), in_nanoseconds(found.st_ctim)};
}

} // namespace switchboard::net
