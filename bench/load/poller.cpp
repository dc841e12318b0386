#include "bench/load/poller.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <unistd.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

constexpr std::size_t buffer_bytes = 256 * 1024;

} // namespace

poller::poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(buffer_bytes) {
  if (fd_ < 0)
    throw failure{std::string{"epoll_create1: "} + std::strerror(errno)};
  std::error_code none;
  batch_ = net::call_batch::make(none);
}

poller::~poller() {
  ::close(fd_);
}

void poller::add(int fd, void* who, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  if (::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0)
    throw failure{std::string{"epoll_ctl: "} + std::strerror(errno)};
}

void poller::change(int fd, void* who, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  if (::epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event) != 0)
    throw failure{std::string{"epoll_ctl: "} + std::strerror(errno)};
}

void poller::remove(int fd) noexcept {
  ::epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const epoll_event> poller::wait(int timeout_ms) {
  auto count = ::epoll_wait(fd_, events_.data(),
                            static_cast<int>(events_.size()), timeout_ms);
  if (count < 0 && errno != EINTR)
    throw failure{std::string{"epoll_wait: "} + std::strerror(errno)};
  return {events_.data(), count < 0 ? 0 : static_cast<std::size_t>(count)};
}

} // namespace switchboard::bench
