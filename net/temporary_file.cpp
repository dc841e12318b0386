#include "net/temporary_file.hpp"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace switchboard::net {

namespace {

std::error_code last_error() noexcept {
  return {errno, std::generic_category()};
}

} // namespace

std::error_code temporary_file::open(const std::string& directory) {
  fd_ = unique_fd{
      ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
  // Some file systems know no files without a name.
  if (!fd_ && (errno == EOPNOTSUPP || errno == EISDIR)) {
    auto path = directory + "/switchboard-XXXXXX";
    fd_ = unique_fd{::mkostemp(path.data(), O_CLOEXEC)};
    if (fd_ && ::unlink(path.c_str()) != 0) {
      auto failure = last_error();
      fd_.reset();
      return failure;
    }
  }
  return fd_ ? std::error_code{} : last_error();
}

std::error_code temporary_file::write(std::uint64_t offset,
                                      std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    auto count = ::pwrite(fd_.get(), bytes.data(), bytes.size(),
                          static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return last_error();
    if (count == 0)
      return std::make_error_code(std::errc::no_space_on_device);
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

std::error_code temporary_file::read(std::uint64_t offset,
                                     std::span<std::byte> out) const {
  while (!out.empty()) {
    auto count =
        ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return last_error();
    if (count == 0)
      return std::make_error_code(std::errc::io_error);
    offset += static_cast<std::uint64_t>(count);
    out = out.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

} // namespace switchboard::net
