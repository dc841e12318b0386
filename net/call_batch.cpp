#include "net/call_batch.hpp"

#include <cerrno>

namespace switchboard::net {

namespace {

bool supports_calls(io_uring& ring) {
  std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> probe{
      ::io_uring_get_probe_ring(&ring), ::io_uring_free_probe};
  if (!probe)
    return false;
  for (auto op : {IORING_OP_RECV, IORING_OP_SEND, IORING_OP_SENDMSG})
    if (!::io_uring_opcode_supported(probe.get(), op))
      return false;
  return true;
}

} // namespace

std::unique_ptr<call_batch> call_batch::make(std::error_code& failure) {
  io_uring ring{};
  // A call that fails must not keep those behind it from being made.
  auto result = ::io_uring_queue_init(capacity, &ring, IORING_SETUP_SUBMIT_ALL);
  if (result == 0 && !supports_calls(ring)) {
    ::io_uring_queue_exit(&ring);
    result = -ENOSYS;
  }
  if (result != 0) {
    failure = {-result, std::system_category()};
    return nullptr;
  }
  return std::unique_ptr<call_batch>{new call_batch{ring}};
}

call_batch::call_batch(const io_uring& ring)
    : ring_(ring),
      slices_(std::make_unique_for_overwrite<std::byte[]>(capacity * stride)) {}

call_batch::~call_batch() {
  ::io_uring_queue_exit(&ring_);
}

void call_batch::receive(int fd) noexcept {
  auto& next = calls_[size_++];
  next.fd = fd;
  next.sends = false;
}

void call_batch::send(int fd, std::span<iovec> pieces) noexcept {
  auto& next = calls_[size_++];
  next.fd = fd;
  next.sends = true;
  next.message.msg_iov = pieces.data();
  next.message.msg_iovlen = pieces.size();
}

void call_batch::prepare(std::size_t at) noexcept {
  auto& what = calls_[at];
  // As many entries as calls, and none left from the batch before.
  auto entry = ::io_uring_get_sqe(&ring_);
  // MSG_DONTWAIT makes the kernel answer at once instead of waiting for the
  // socket: nothing of a call is left behind when `run` returns.
  if (!what.sends)
    ::io_uring_prep_recv(entry, what.fd, slices_.get() + at * stride,
                         slice_size, MSG_DONTWAIT);
  else if (what.message.msg_iovlen == 1)
    ::io_uring_prep_send(entry, what.fd, what.message.msg_iov->iov_base,
                         what.message.msg_iov->iov_len,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
  else
    ::io_uring_prep_sendmsg(entry, what.fd, &what.message,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
  ::io_uring_sqe_set_data64(entry, at);
}

void call_batch::run() noexcept {
  for (std::size_t i = 0; i < size_; ++i)
    calls_[i].result = -EAGAIN;
  if (broken_)
    return;
  for (std::size_t i = 0; i < size_; ++i)
    prepare(i);
  std::size_t done = 0;
  while (done < size_) {
    auto result =
        ::io_uring_submit_and_wait(&ring_, static_cast<unsigned>(size_ - done));
    io_uring_cqe* entry = nullptr;
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_for_each_cqe(&ring_, head, entry) {
      calls_[::io_uring_cqe_get_data64(entry)].result = entry->res;
      ++seen;
    }
    ::io_uring_cq_advance(&ring_, seen);
    done += seen;
    if (result < 0 && result != -EINTR) {
      broken_ = true;
      return;
    }
  }
}

} // namespace switchboard::net
