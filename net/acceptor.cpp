#include "net/acceptor.hpp"

#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace switchboard::net {

namespace {

/// New connections a turn; established sockets get their turn in between.
constexpr auto accepts_per_turn = 64;

/// The most that are accepted when a listener is given up.
constexpr auto accepts_at_the_end = 4096;

/// Handshakes over the listener's limit that are answered with 503; further
/// ones are cut.
constexpr std::size_t refusals_at_once = 256;

/// How long accepting pauses when descriptors or memory have run out.
constexpr auto pause_time = std::chrono::milliseconds{250};

} // namespace

acceptor::acceptor(loop& home, unique_fd socket,
                   std::shared_ptr<listener_state> state,
                   listener_delegate& delegate)
    : loop_(home),
      socket_(std::move(socket)),
      state_(std::move(state)),
      delegate_(delegate) {}

acceptor::~acceptor() = default;

void acceptor::start() {
  listening_ = loop_.add(socket_.get(), *this, EPOLLIN);
  if (!listening_)
    pause(ENOSPC);
}

void acceptor::stop() {
  if (std::exchange(listening_, false))
    loop_.remove(socket_.get());
  loop_.disarm(*this);
  socket_.reset();
  while (!sessions_.empty())
    sessions_.begin()->second->cut();
}

void acceptor::retire(std::function<void()> on_idle) {
  // Peers whose handshake the system has done already, but no endless row.
  for (auto i = 0; i < accepts_at_the_end && listening_; ++i)
    if (!accept_one())
      break;
  if (std::exchange(listening_, false))
    loop_.remove(socket_.get());
  loop_.disarm(*this);
  socket_.reset();
  if (sessions_.empty())
    on_idle();
  else
    on_idle_ = std::move(on_idle);
}

void acceptor::on_io(std::uint32_t) {
  for (auto i = 0; i < accepts_per_turn && listening_; ++i)
    if (!accept_one())
      return;
}

bool acceptor::accept_one() {
  if (state_->tls && sessions_.size() >= state_->handshakes_per_shard) {
    full_ = true;
    if (std::exchange(listening_, false))
      loop_.remove(socket_.get());
    return false;
  }
  unique_fd fd{
      ::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!fd) {
    switch (errno) {
      case EAGAIN:
        return false;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        pause(errno);
        return false;
      default:
        // The connection died in the queue, or the network told an error of
        // its own (accept(2)): the next one may be well.
        return true;
    }
  }
  troubled_ = false;
  auto limit = state_->options.max_connections;
  auto refuse = state_->all_connections() >= limit;
  if (refuse
      && state_->refusals.load(std::memory_order_relaxed) >= refusals_at_once)
    return true;
  auto session = std::make_unique<handshake_session>(
      loop_, std::move(fd), state_, delegate_,
      static_cast<session_owner&>(*this), refuse);
  auto ptr = session.get();
  sessions_.emplace(ptr, std::move(session));
  if (ptr->start())
    return true;
  ptr->cut();
  pause(ENOSPC);
  return false;
}

void acceptor::pause(int error) {
  if (std::exchange(listening_, false))
    loop_.remove(socket_.get());
  loop_.arm(*this, loop_.now() + pause_time);
  if (!std::exchange(troubled_, true))
    delegate_.accept_failed(*state_, {error, boost::system::system_category()});
}

void acceptor::on_timer() {
  start();
}

void acceptor::session_done(handshake_session& session) {
  auto i = sessions_.find(&session);
  if (i == sessions_.end())
    return;
  loop_.dispose(std::move(i->second));
  sessions_.erase(i);
  if (socket_ && std::exchange(full_, false))
    start();
  if (sessions_.empty())
    if (auto on_idle = std::exchange(on_idle_, nullptr))
      on_idle();
}

} // namespace switchboard::net
