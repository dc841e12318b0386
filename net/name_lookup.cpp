#include "net/name_lookup.hpp"

#include <cstring>
#include <mutex>
#include <utility>

#include <boost/asio/error.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace switchboard::net {

/// Where a thread of the resolver leaves the answer; the later of the two
/// frees it.
struct name_lookup::mailbox {
  std::mutex mutex;
  unique_fd event{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::vector<endpoint> found;
  boost::system::error_code error;
};

/// Wakes the coroutine on the loop's thread.
class name_lookup::bell final : public io_handler {
public:
  bell(loop& home, int fd, std::coroutine_handle<> next)
      : loop_(home), fd_(fd), next_(next) {
    watching_ = loop_.add(fd, *this, EPOLLIN);
  }

  void forget() noexcept {
    next_ = nullptr;
    if (std::exchange(watching_, false))
      loop_.remove(fd_);
  }

private:
  void on_io(std::uint32_t) override {
    auto next = next_;
    forget();
    if (next)
      next.resume();
  }

  loop& loop_;
  int fd_;
  bool watching_ = false;
  std::coroutine_handle<> next_;
};

name_lookup::name_lookup(loop& home, resolver& names, std::string host,
                         std::uint16_t port)
    : loop_(home), names_(names), host_(std::move(host)), port_(port) {}

name_lookup::~name_lookup() {
  if (!bell_)
    return;
  bell_->forget();
  loop_.dispose(std::move(bell_));
}

bool name_lookup::await_ready() {
  endpoint result;
  auto& v4 = reinterpret_cast<sockaddr_in&>(result.address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(result.address);
  if (::inet_pton(AF_INET, host_.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port_);
    result.size = sizeof v4;
  } else if (::inet_pton(AF_INET6, host_.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port_);
    result.size = sizeof v6;
  } else {
    return false;
  }
  found_.push_back(result);
  return true;
}

void name_lookup::await_suspend(std::coroutine_handle<> next) {
  mailbox_ = std::make_shared<mailbox>();
  bell_ = std::make_unique<bell>(loop_, mailbox_->event.get(), next);
  names_.resolve(host_, port_,
                 [box = mailbox_](std::vector<endpoint> found,
                                  const boost::system::error_code& error) {
                   {
                     std::lock_guard guard{box->mutex};
                     box->found = std::move(found);
                     box->error = error;
                   }
                   std::uint64_t one = 1;
                   [[maybe_unused]] auto written =
                       ::write(box->event.get(), &one, sizeof one);
                 });
}

std::vector<endpoint> name_lookup::await_resume() {
  if (mailbox_) {
    std::lock_guard guard{mailbox_->mutex};
    found_ = std::move(mailbox_->found);
    error_ = mailbox_->error;
  }
  return std::move(found_);
}

} // namespace switchboard::net
