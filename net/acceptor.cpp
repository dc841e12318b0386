#include "net/acceptor.hpp"

#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace switchboard::net {

namespace {

/// New connections a turn; established sockets get their turn in between.
constexpr auto accepts_per_turn = 64;

/// The most that are accepted when a listener is given up.
constexpr auto accepts_at_the_end = 4096;

/// Handshakes over one of the listener's limits that are answered with 503;
/// further ones are cut.
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
  if (listening_)
    return;
  listening_ = loop_.add(socket_.get(), *this, EPOLLIN);
  if (!listening_)
    pause(ENOSPC);
}

void acceptor::stop() {
  listen_no_more();
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

void acceptor::listen_no_more() noexcept {
  if (std::exchange(listening_, false))
    loop_.remove(socket_.get());
}

/// Whether there is room for another handshake and its time has come. Where
/// not, those who wait in the system's queue go on waiting.
bool acceptor::may_accept() {
  auto waits = [this] {
    pollfd queue{socket_.get(), POLLIN, 0};
    return ::poll(&queue, 1, 0) == 1;
  };
  if (sessions_.size() >= state_->handshakes_per_shard) {
    if (waits()) {
      delegate_.limit_reached(*state_, listener_limit::handshakes);
      full_ = true;
      listen_no_more();
    }
    return false;
  }
  token_rate rate{state_->options.max_connection_rate};
  if (!rate)
    return true;
  auto wait = state_->rate.take(rate, loop_.now());
  if (wait == std::chrono::nanoseconds::zero())
    return true;
  if (waits()) {
    delegate_.limit_reached(*state_, listener_limit::connection_rate);
    listen_no_more();
    loop_.arm(*this, loop_.now() + wait);
  }
  return false;
}

/// Whether somebody who came may stay.
/// @param place receives theirs among those of their address.
refusal acceptor::judge(const sockaddr_storage& peer,
                        std::unique_ptr<address_place>& place) {
  auto& options = state_->options;
  if (state_->all_connections() >= options.max_connections)
    return refusal::connections;
  if (state_->entry && state_->entry->full.load(std::memory_order_relaxed))
    return refusal::memory;
  // Behind a proxy the request tells the address.
  if (!state_->limits_addresses() || !options.trusted_proxies.empty())
    return refusal::none;
  auto key = address_key::of(peer);
  if (!key)
    return refusal::none;
  place = state_->addresses->enter(*key, options.max_connections_per_address);
  return place ? refusal::none : refusal::address;
}

bool acceptor::accept_one() {
  if (!may_accept())
    return false;
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  unique_fd fd{::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer),
                         &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!fd) {
    auto error = errno;
    if (token_rate rate{state_->options.max_connection_rate})
      state_->rate.give_back(rate);
    switch (error) {
      case EAGAIN:
        return false;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        pause(error);
        return false;
      default:
        // The connection died in the queue, or the network told an error of
        // its own (accept(2)): the next one may be well.
        return true;
    }
  }
  std::unique_ptr<address_place> place;
  auto refused = judge(peer, place);
  if (refused != refusal::none) {
    delegate_.limit_reached(*state_, limit_of(refused));
    if (state_->refusals.load(std::memory_order_relaxed) >= refusals_at_once)
      return true;
  }
  auto session = std::make_unique<handshake_session>(
      loop_, std::move(fd), state_, delegate_,
      static_cast<session_owner&>(*this), refused, std::move(place));
  auto ptr = session.get();
  sessions_.emplace(ptr, std::move(session));
  if (ptr->start())
    return true;
  ptr->cut();
  pause(ENOSPC);
  return false;
}

void acceptor::pause(int error) {
  listen_no_more();
  loop_.arm(*this, loop_.now() + pause_time);
  delegate_.limit_reached(*state_, listener_limit::descriptors);
  if (state_->tells_trouble(loop_.now()))
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
