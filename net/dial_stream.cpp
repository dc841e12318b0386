#include "net/dial_stream.hpp"

#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace switchboard::net {

/// In the loop only while somebody waits, so that no readiness goes round and
/// round.
class dial_stream::watcher final : public io_handler, private timer {
public:
  explicit watcher(loop& home) : loop_(home) {}

  void wait(int fd, std::uint32_t events, std::coroutine_handle<> next,
            const std::optional<clock::time_point>& until) {
    fd_ = fd;
    next_ = next;
    late_ = false;
    if (until)
      loop_.arm(*this, *until);
    // Where the kernel has no room, the deadline ends it.
    watching_ = loop_.add(fd, *this, events);
  }

  void forget() noexcept {
    next_ = nullptr;
    loop_.disarm(*this);
    if (std::exchange(watching_, false))
      loop_.remove(fd_);
  }

  /// Whether the last wait ended because its time was over.
  bool late() const noexcept {
    return late_;
  }

private:
  void on_io(std::uint32_t) override {
    go_on();
  }

  void on_timer() override {
    late_ = true;
    go_on();
  }

  void go_on() {
    auto next = next_;
    forget();
    if (next)
      next.resume();
  }

  loop& loop_;
  int fd_ = -1;
  bool watching_ = false;
  bool late_ = false;
  std::coroutine_handle<> next_;
};

void dial_stream::ready::await_suspend(std::coroutine_handle<> next) {
  stream.watcher_->wait(fd < 0 ? stream.fd() : fd, events, next, until);
}

bool dial_stream::ready::await_resume() const noexcept {
  return !stream.watcher_->late();
}

dial_stream::dial_stream(loop& home, unique_fd fd)
    : loop_(home),
      fd_(std::move(fd)),
      watcher_(std::make_unique<watcher>(home)),
      buffer_(wire::ample) {}

dial_stream::~dial_stream() {
  watcher_->forget();
  loop_.dispose(std::move(watcher_));
}

int dial_stream::fd() const noexcept {
  return wire_ ? wire_->fd() : fd_.get();
}

std::unique_ptr<wire> dial_stream::release() {
  return wire_ ? std::move(wire_) : make_plain_wire(std::move(fd_));
}

wire_result dial_stream::try_read() {
  if (wire_)
    return wire_->read(buffer_);
  auto count = ::recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
  return read_outcome(count < 0 ? -errno : count);
}

wire_result dial_stream::try_write(std::string_view text) {
  if (wire_) {
    iovec piece{const_cast<char*>(text.data()), text.size()};
    return wire_->write({&piece, 1});
  }
  auto count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  return write_outcome(count < 0 ? -errno : count);
}

task<std::string> dial_stream::write(std::string text) {
  std::string_view rest{text};
  while (!rest.empty()) {
    auto result = try_write(rest);
    if (result.what == wire_result::status::failed)
      co_return result.error.message();
    rest.remove_prefix(result.bytes);
    if (result.what == wire_result::status::would_block)
      co_await ready{*this, EPOLLOUT};
  }
  co_return std::string{};
}

task<dial_stream::piece> dial_stream::read() {
  for (;;) {
    auto result = try_read();
    switch (result.what) {
      case wire_result::status::ok:
        co_return piece{
            {reinterpret_cast<const char*>(buffer_.data()), result.bytes}, {}};
      case wire_result::status::end:
        co_return piece{};
      case wire_result::status::failed:
        co_return piece{{}, result.error.message()};
      case wire_result::status::would_block:
        if (!co_await ready{*this, EPOLLIN, read_limit_})
          co_return piece{{}, "nothing came in time"};
        break;
    }
  }
}

task<std::string> dial_stream::encrypt(const make_secure_wire& make,
                                       const std::string& host) {
  auto secure = make(std::move(fd_), host);
  if (!secure)
    co_return std::string{"no memory"};
  auto& handshaking = *secure;
  wire_ = std::move(secure);
  for (;;) {
    std::string problem;
    switch (handshaking.handshake(problem)) {
      case handshaking_wire::progress::done:
        co_return std::string{};
      case handshaking_wire::progress::wants_read:
        co_await ready{*this, EPOLLIN};
        break;
      case handshaking_wire::progress::wants_write:
        co_await ready{*this, EPOLLOUT};
        break;
      case handshaking_wire::progress::wants_verdict:
        co_await ready{*this, EPOLLIN, std::nullopt, handshaking.verdict_fd()};
        break;
      case handshaking_wire::progress::failed:
        co_return problem;
    }
  }
}

} // namespace switchboard::net
