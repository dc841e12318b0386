#include "net/happy_eyeballs.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace switchboard::net {

namespace {

/// RFC 8305 §5: the Connection Attempt Delay.
constexpr auto attempt_delay = std::chrono::milliseconds{250};

/// A name with hundreds of addresses is not tried for ever.
constexpr std::size_t most_addresses = 16;

} // namespace

std::vector<endpoint> interleave_families(std::vector<endpoint> addresses) {
  if (addresses.empty())
    return addresses;
  auto first = addresses.front().address.ss_family;
  auto middle = std::stable_partition(
      addresses.begin(), addresses.end(),
      [first](auto& entry) { return entry.address.ss_family == first; });
  std::vector<endpoint> result;
  for (auto x = addresses.begin(), y = middle;
       x != middle || y != addresses.end();) {
    if (x != middle)
      result.push_back(*x++);
    if (y != addresses.end())
      result.push_back(*y++);
  }
  return result;
}

std::string to_text(const endpoint& where) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (where.address.ss_family == AF_INET6) {
    auto& v6 = reinterpret_cast<const sockaddr_in6&>(where.address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return "[" + std::string{text.data()}
           + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  auto& v4 = reinterpret_cast<const sockaddr_in&>(where.address);
  ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  return std::string{text.data()} + ":" + std::to_string(ntohs(v4.sin_port));
}

/// One connection under way.
class happy_eyeballs::attempt final : public io_handler {
public:
  attempt(happy_eyeballs& owner, const endpoint& to)
      : owner_(&owner), where_(to) {}

  /// @returns 0 or an errno; the outcome comes later where it is 0.
  int start(loop& home) {
    fd_ = unique_fd{::socket(where_.address.ss_family,
                             SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd_)
      return errno;
    int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&where_.address),
                  where_.size)
            != 0
        && errno != EINPROGRESS)
      return errno;
    return home.add(fd_.get(), *this, EPOLLOUT) ? 0 : ENOSPC;
  }

  int outcome() const noexcept {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
      return errno;
    return error;
  }

  /// Takes the descriptor out of the loop; no call follows.
  unique_fd retire(loop& home) noexcept {
    owner_ = nullptr;
    if (fd_)
      home.remove(fd_.get());
    return std::move(fd_);
  }

  const endpoint& where() const noexcept {
    return where_;
  }

private:
  void on_io(std::uint32_t) override {
    if (owner_ != nullptr)
      owner_->ready(*this);
  }

  happy_eyeballs* owner_;
  endpoint where_;
  unique_fd fd_;
};

happy_eyeballs::happy_eyeballs(loop& home, std::vector<endpoint> addresses)
    : loop_(home), addresses_(interleave_families(std::move(addresses))) {
  addresses_.resize(std::min(addresses_.size(), most_addresses));
}

happy_eyeballs::~happy_eyeballs() {
  for (auto& what : attempts_)
    retire(std::move(what));
}

void happy_eyeballs::start(callback done) {
  done_ = std::move(done);
  loop_.arm(*this, loop_.now());
}

void happy_eyeballs::on_timer() {
  begin_next();
}

void happy_eyeballs::begin_next() {
  while (next_ < addresses_.size()) {
    auto& where = addresses_[next_++];
    auto made = std::make_unique<attempt>(*this, where);
    if (auto error = made->start(loop_)) {
      note(where, error);
      continue;
    }
    attempts_.push_back(std::move(made));
    if (next_ < addresses_.size())
      loop_.arm(*this, loop_.now() + attempt_delay);
    return;
  }
  if (attempts_.empty())
    finish({});
}

void happy_eyeballs::ready(attempt& who) {
  auto i = std::find_if(attempts_.begin(), attempts_.end(),
                        [&](auto& entry) { return entry.get() == &who; });
  auto what = std::move(*i);
  attempts_.erase(i);
  auto error = what->outcome();
  auto fd = what->retire(loop_);
  auto where = what->where();
  loop_.dispose(std::move(what));
  if (error == 0) {
    finish(std::move(fd));
    return;
  }
  note(where, error);
  begin_next();
}

void happy_eyeballs::note(const endpoint& where, int error) {
  if (!problems_.empty())
    problems_ += "; ";
  problems_ += to_text(where) + ": " + std::generic_category().message(error);
}

void happy_eyeballs::retire(std::unique_ptr<attempt> what) {
  what->retire(loop_);
  loop_.dispose(std::move(what));
}

void happy_eyeballs::finish(unique_fd fd) {
  loop_.disarm(*this);
  for (auto& what : std::exchange(attempts_, {}))
    retire(std::move(what));
  // It may destroy us.
  auto done = std::move(done_);
  auto problem = std::move(problems_);
  done(std::move(fd), std::move(problem));
}

} // namespace switchboard::net
