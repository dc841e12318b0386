#include "net/wire.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

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
    return read_outcome(
        with_errno(::recv(fd_.get(), into.data(), into.size(), 0)));
  }

  wire_result write(std::span<const iovec> from) override {
    ssize_t n = 0;
    if (from.size() == 1) {
      n = ::send(fd_.get(), from[0].iov_base, from[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(from.data());
      message.msg_iovlen = from.size();
      n = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    }
    return write_outcome(with_errno(n));
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

std::unique_ptr<wire> make_plain_wire(unique_fd fd) {
  return std::make_unique<plain_wire>(std::move(fd));
}

} // namespace switchboard::net
