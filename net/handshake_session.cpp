#include "net/handshake_session.hpp"

#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/authenticator.hpp"
#include "net/tls_source.hpp"
#include "net/tls_wire.hpp"

namespace switchboard::net {

namespace {

/// How long and how much a refused peer may go on sending.
constexpr auto drain_time = std::chrono::seconds{1};
constexpr std::size_t drain_limit = 256 * 1024;

} // namespace

handshake_session::handshake_session(loop& home, unique_fd fd,
                                     std::shared_ptr<listener_state> state,
                                     listener_delegate& delegate,
                                     session_owner& owner, refusal refused,
                                     std::unique_ptr<address_place> place)
    : loop_(home),
      state_(std::move(state)),
      delegate_(delegate),
      owner_(owner),
      lease_(state_, refused == refusal::none ? &listener_state::connections
                                              : &listener_state::refusals),
      reader_(state_->options.max_header_size),
      refused_(refused) {
  lease_.hold(std::move(place));
  if (!state_->tls) {
    wire_ = make_plain_wire(std::move(fd));
    return;
  }
  auto made = make_tls_wire(std::move(fd), state_->tls->current());
  encrypting_ = made.get();
  wire_ = std::move(made);
  stage_ = stage::encrypting;
}

handshake_session::~handshake_session() = default;

bool handshake_session::start() {
  interest_ = EPOLLIN;
  registered_ = loop_.add(wire_->fd(), *this, interest_);
  if (registered_)
    loop_.arm(*this, loop_.now() + state_->options.handshake_timeout);
  return registered_;
}

void handshake_session::cut() {
  end();
}

void handshake_session::on_io(std::uint32_t events) {
  switch (stage_) {
    case stage::encrypting:
      encrypt();
      break;
    case stage::reading:
      read();
      break;
    case stage::authenticating:
      end_authentication();
      break;
    case stage::upgrading:
    case stage::refusing:
      if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        end();
      else
        write();
      break;
    case stage::draining:
      drain();
      break;
    case stage::done:
      break;
  }
}

void handshake_session::on_timer() {
  if (stage_ == stage::reading)
    reject({408, "The request was not complete in time.", {}});
  else if (stage_ == stage::authenticating)
    give_up_authentication();
  else
    end();
}

/// Input would be ready all the time, and nobody may read it.
void handshake_session::await_verdict(int fd) {
  loop_.remove(wire_->fd());
  registered_ = false;
  if (loop_.add(fd, *this, EPOLLIN))
    verdict_fd_ = fd;
  else
    end();
}

void handshake_session::end_verdict() {
  if (verdict_fd_ < 0)
    return;
  loop_.remove(std::exchange(verdict_fd_, -1));
  interest_ = EPOLLIN;
  registered_ = loop_.add(wire_->fd(), *this, interest_);
  if (!registered_)
    end();
}

void handshake_session::encrypt() {
  end_verdict();
  if (stage_ == stage::done)
    return;
  std::string problem;
  switch (encrypting_->handshake(problem)) {
    case handshaking_wire::progress::wants_read:
      watch(EPOLLIN);
      break;
    case handshaking_wire::progress::wants_write:
      watch(EPOLLOUT);
      break;
    case handshaking_wire::progress::wants_verdict:
      await_verdict(encrypting_->verdict_fd());
      break;
    case handshaking_wire::progress::failed:
      delegate_.refused(*state_, 0, remote_address_of(wire_->fd()),
                        "TLS failed: " + problem);
      begin_drain();
      break;
    case handshaking_wire::progress::done:
      encrypting_ = nullptr;
      stage_ = stage::reading;
      watch(EPOLLIN);
      // The request comes together with the end of the handshake.
      read();
      break;
  }
}

void handshake_session::read() {
  auto buffer = loop_.read_buffer();
  auto got = wire_->read(buffer);
  if (got.what == wire_result::status::would_block)
    return;
  if (got.what != wire_result::status::ok) {
    end();
    return;
  }
  std::size_t consumed = 0;
  auto bytes = buffer.first(got.bytes);
  switch (reader_.feed(bytes, consumed)) {
    case request_reader::status::need_more:
      break;
    case request_reader::status::failed:
      reject({reader_.error_status(), "The request cannot be read.", {}});
      break;
    case request_reader::status::complete:
      request_ = reader_.take();
      bytes = bytes.subspan(consumed);
      behind_.assign(bytes.begin(), bytes.end());
      answer();
      break;
  }
}

void handshake_session::answer() {
  if (refused_ != refusal::none) {
    refuse(refused_);
    return;
  }
  if (!find_place()) {
    delegate_.limit_reached(*state_, listener_limit::connections_per_address);
    refuse(refusal::address);
    return;
  }
  if (serve_page())
    return;
  // Before anything that would tell a stranger what is here.
  if (!state_->authentication || authenticate())
    upgrade();
}

void handshake_session::upgrade() {
  auto route = delegate_.route(*state_, request_);
  if (!route) {
    reject({404, "Nothing listens on this path.", {}});
    return;
  }
  upgrade_terms terms;
  if (auto rejection = judge_upgrade(request_, terms)) {
    reject(*rejection);
    return;
  }
  auto origin = request_.header("Origin");
  if (!origin.empty()
      && !origin_allowed(origin, state_->options.allowed_origins)) {
    reject({403, "This origin may not connect.", {}});
    return;
  }
  result_ = std::make_unique<upgraded>();
  result_->route = std::move(*route);
  accept(terms);
}

bool handshake_session::serve_page() {
  auto head = request_.method == "HEAD";
  if ((request_.method != "GET" && !head)
      || !request_.header("Upgrade").empty())
    return false;
  for (auto& page : state_->options.pages)
    if (page.path == request_.path) {
      auto text = "HTTP/1.1 200 OK\r\nContent-Type: " + page.content_type
                  + "\r\nContent-Length: " + std::to_string(page.body.size())
                  + "\r\nCache-Control: no-cache"
                    "\r\nX-Content-Type-Options: nosniff"
                    "\r\nConnection: close\r\n\r\n";
      if (!head)
        text += page.body;
      send(std::move(text), stage::refusing);
      return true;
    }
  return false;
}

void handshake_session::accept(const upgrade_terms& terms) {
  auto& route = result_->route;
  result_->subprotocol =
      choose_subprotocol(route.subprotocols, terms.subprotocols);
  if (checked_) {
    // A client that has offered some wants an answer.
    if (result_->subprotocol.empty())
      result_->subprotocol = std::move(checked_->subprotocol);
    result_->who = std::move(checked_->who);
  }
  std::string extensions;
  result_->compression = accept_deflate_offer(
      terms.extensions, route.connection->compression, extensions);
  result_->certificate = wire_->peer();
  result_->local_address = local_address_of(wire_->fd());
  auto peer = remote_address_of(wire_->fd());
  auto& trusted = state_->options.trusted_proxies;
  auto client = trusted.empty()
                    ? std::string{}
                    : client_address(request_, without_port(peer), trusted);
  result_->remote_address = trusted.empty() || client == without_port(peer)
                                ? std::move(peer)
                                : std::move(client);
  send(render_upgrade_response(terms.key, result_->subprotocol, extensions),
       stage::upgrading);
}

void handshake_session::reject(const http_rejection& rejection) {
  delegate_.refused(*state_, rejection.status, remote_address_of(wire_->fd()),
                    rejection.detail);
  send(render_rejection(rejection, request_.method == "HEAD"), stage::refusing);
}

void handshake_session::send(std::string bytes, stage next) {
  output_ = std::move(bytes);
  stage_ = next;
  write();
}

void handshake_session::write() {
  iovec piece{output_.data() + written_, output_.size() - written_};
  auto result = wire_->write({&piece, 1});
  if (result.what == wire_result::status::failed) {
    end();
    return;
  }
  written_ += result.bytes;
  if (written_ < output_.size()) {
    watch(EPOLLOUT);
    return;
  }
  if (stage_ == stage::upgrading) {
    loop_.remove(wire_->fd());
    registered_ = false;
    result_->stream = std::move(wire_);
    result_->request = std::move(request_);
    result_->received = std::move(behind_);
    result_->lease = std::move(lease_);
    auto result = std::move(result_);
    end();
    delegate_.open(std::move(*result));
    return;
  }
  begin_drain();
}

void handshake_session::begin_drain() {
  stage_ = stage::draining;
  wire_->shutdown_write();
  watch(EPOLLIN);
  loop_.arm(*this, loop_.now() + drain_time);
}

void handshake_session::drain() {
  // Nobody wants to know what it says: encrypted or not.
  auto buffer = loop_.read_buffer();
  auto n = ::recv(wire_->fd(), buffer.data(), buffer.size(), 0);
  auto got = read_outcome(n < 0 ? -errno : n);
  if (got.what == wire_result::status::would_block)
    return;
  drained_ += got.bytes;
  if (got.what != wire_result::status::ok || drained_ > drain_limit)
    end();
}

void handshake_session::watch(std::uint32_t events) {
  if (std::exchange(interest_, events) != events)
    loop_.modify(wire_->fd(), *this, events);
}

void handshake_session::end() {
  if (stage_ == stage::done)
    return;
  if (stage_ == stage::encrypting || stage_ == stage::reading
      || stage_ == stage::authenticating)
    delegate_.abandoned(*state_);
  stage_ = stage::done;
  loop_.disarm(*this);
  if (registered_)
    loop_.remove(wire_->fd());
  if (verdict_fd_ >= 0)
    loop_.remove(verdict_fd_);
  owner_.session_done(*this);
}

} // namespace switchboard::net
