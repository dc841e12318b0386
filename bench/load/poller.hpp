#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <sys/epoll.h>

namespace switchboard::bench {

/// Level-triggered epoll and the buffer that all its sockets read into.
class poller {
public:
  poller();
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// @param who comes back with each event.
  /// @param events as in EPOLLIN.
  void add(int fd, void* who, std::uint32_t events);
  void change(int fd, void* who, std::uint32_t events);
  void remove(int fd) noexcept;

  /// Waits for events.
  /// @param timeout_ms 0: looks only; negative: without end.
  std::span<const epoll_event> wait(int timeout_ms);

  std::span<std::byte> buffer() noexcept {
    return buffer_;
  }

private:
  int fd_;
  std::array<epoll_event, 1024> events_;
  std::vector<std::byte> buffer_;
};

} // namespace switchboard::bench
