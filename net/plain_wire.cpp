#include "net/wire.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace switchboard::net {

namespace {

wire_result failure_outcome(long code) {
  if (code == EAGAIN || code == EWOULDBLOCK || code == EINTR)
    return {wire_result::status::would_block, 0, {}};
  return {wire_result::status::failed,
          0,
          {static_cast<int>(code), boost::system::system_category()}};
}

/// The result of a system call in the way of the kernel's own.
long with_errno(long result) {
  return result < 0 ? -errno : result;
}

class plain_wire final : public wire {
public:
  explicit plain_wire(unique_fd fd) : fd_(std::move(fd)) {}

  wire_result read(std::span<std::byte> into) override {
    return read_outcome(plain_read(fd_.get(), into));
  }

  wire_result write(std::span<const iovec> from) override {
    return write_outcome(plain_write(fd_.get(), from));
  }

  void shutdown_write() noexcept override {
    ::shutdown(fd_.get(), SHUT_WR);
  }

  int fd() const noexcept override {
    return fd_.get();
  }

  bool secure() const noexcept override {
    return false;
  }

  unique_fd release() noexcept override {
    return std::move(fd_);
  }

private:
  unique_fd fd_;
};

} // namespace

wire_result read_outcome(long result) {
  if (result > 0)
    return {wire_result::status::ok, static_cast<std::size_t>(result), {}};
  if (result == 0)
    return {wire_result::status::end, 0, {}};
  return failure_outcome(-result);
}

wire_result write_outcome(long result) {
  if (result >= 0)
    return {wire_result::status::ok, static_cast<std::size_t>(result), {}};
  return failure_outcome(-result);
}

// Not by recv and send: no thread is ever cancelled here, and what glibc does
// so that one could be costs as much as the rest of such a call.

long plain_read(int fd, std::span<std::byte> into) noexcept {
  return with_errno(
      ::syscall(SYS_recvfrom, fd, into.data(), into.size(), 0, nullptr, 0));
}

long plain_write(int fd, std::span<const std::byte> from) noexcept {
  return with_errno(::syscall(SYS_sendto, fd, from.data(), from.size(),
                              MSG_NOSIGNAL, nullptr, 0));
}

long plain_write(int fd, std::span<const iovec> from) noexcept {
  if (from.size() == 1)
    return plain_write(
        fd, std::span{static_cast<const std::byte*>(from[0].iov_base),
                      from[0].iov_len});
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = from.size();
  return with_errno(::sendmsg(fd, &message, MSG_NOSIGNAL));
}

std::unique_ptr<wire> make_plain_wire(unique_fd fd) {
  return std::make_unique<plain_wire>(std::move(fd));
}

} // namespace switchboard::net
