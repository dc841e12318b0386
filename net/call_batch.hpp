#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>

#include <liburing.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace switchboard::net {

/// Receives from and sends to many sockets in one system call, by io_uring.
/// Every call is made and done within `run`; none waits for its socket.
class call_batch {
public:
  /// The most calls of one batch.
  static constexpr std::size_t capacity = 32;

  /// Bytes that one call receives at most, and that it may copy to send. Less
  /// than a large read takes: large messages gain nothing from batches.
  static constexpr std::size_t slice_size = 4096;

  /// @param failure why there is none: ENOSYS, EPERM, or EINVAL of a kernel
  ///                before 5.18.
  static std::unique_ptr<call_batch> make(std::error_code& failure);

  ~call_batch();
  call_batch(const call_batch&) = delete;
  call_batch& operator=(const call_batch&) = delete;

  /// Forgets the calls of the batch before.
  void clear() noexcept {
    size_ = 0;
  }

  std::size_t size() const noexcept {
    return size_;
  }

  /// Memory of one call: what it received, or copies to send.
  std::span<std::byte> slice(std::size_t call) noexcept {
    return {slices_.get() + call * stride, slice_size};
  }

  /// Room for the pieces of the next call.
  std::span<iovec> pieces() noexcept {
    return calls_[size_].pieces;
  }

  /// Adds a call that fills its own slice.
  void receive(int fd) noexcept;

  /// Adds a call.
  /// @param pieces the first of `pieces()`.
  void send(int fd, std::span<iovec> pieces) noexcept;

  /// Makes the calls.
  void run() noexcept;

  /// Bytes moved, or a negative errno: `-EAGAIN` where the socket was not
  /// ready or the kernel did not get to it.
  int result(std::size_t call) const noexcept {
    return calls_[call].result;
  }

  /// Whether the kernel has begun to refuse: no batch succeeds any more.
  bool broken() const noexcept {
    return broken_;
  }

private:
  /// Not a power of two: the first lines of all slices would share one set of
  /// the processor's cache.
  static constexpr std::size_t stride = slice_size + 64;

  struct call {
    int fd = -1;
    int result = 0;
    bool sends = false;
    msghdr message{};
    std::array<iovec, 6> pieces{};
  };

  explicit call_batch(const io_uring& ring);

  void prepare(std::size_t at) noexcept;

  io_uring ring_;
  bool broken_ = false;
  std::size_t size_ = 0;
  std::array<call, capacity> calls_;
  std::unique_ptr<std::byte[]> slices_;
};

} // namespace switchboard::net
