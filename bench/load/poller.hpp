#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <sys/epoll.h>

#include "net/call_batch.hpp"

namespace switchboard::bench {

class client;

/// Level-triggered epoll, the buffer that all its sockets read into, and where
/// the kernel has io_uring a batch of system calls.
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

  /// Null where the kernel has none.
  net::call_batch* batch() noexcept {
    return batch_.get();
  }

  /// From now on `defer` keeps clients until `deferred`.
  void gather() noexcept {
    gathers_ = batch_ != nullptr;
  }

  /// @returns whether the client is kept: it will write with the others.
  bool defer(client& who) {
    auto keeps = gathers_ && deferred_.size() < net::call_batch::capacity;
    if (keeps)
      deferred_.push_back(&who);
    return keeps;
  }

  /// Those that were kept; none is kept any more.
  std::vector<client*>& deferred() noexcept {
    gathers_ = false;
    return deferred_;
  }

private:
  int fd_;
  std::array<epoll_event, 1024> events_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<net::call_batch> batch_;
  std::vector<client*> deferred_;
  bool gathers_ = false;
};

} // namespace switchboard::bench
