#include "bench/load/client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

const expectation anything_goes{.anything = true, .compressed = true};

} // namespace

client::~client() {
  cut();
}

void client::fail(const std::string& why) const {
  throw failure{wire_.where.host + ':' + std::to_string(wire_.where.port)
                + wire_.where.target + ": " + why};
}

void client::connect() {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    fail(std::string{"socket: "} + std::strerror(errno));
  int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  auto address = reinterpret_cast<const sockaddr*>(&wire_.address);
  if (::connect(fd_, address, sizeof wire_.address) != 0
      && errno != EINPROGRESS)
    fail(std::string{"connect: "} + std::strerror(errno));
  stage_ = stage::opening;
  closing_ = false;
  scanner_ = {};
  sent_at = {};
  head_.clear();
  owed_ = 0;
  position_ = 0;
  reads_much_ = deferred_ = false;
  auto request = std::as_bytes(std::span{wire_.opening.request()});
  first_.assign(request.begin(), request.end());
  if (wire_.tls)
    tls_.emplace(*wire_.tls, fd_, wire_.where.host);
  waits_for_room_ = asks_for_room_ = true;
  loop_.add(fd_, this, EPOLLIN | EPOLLOUT);
}

void client::cut() noexcept {
  if (fd_ < 0)
    return;
  tls_.reset();
  linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  ::close(fd_);
  fd_ = -1;
  stage_ = stage::closed;
}

void client::send(std::size_t messages) {
  owed_ += messages * wire_.train->frame_bytes();
  if (waits_for_room_ || deferred_)
    return;
  deferred_ = !tls_ && loop_.defer(*this);
  if (!deferred_)
    flush();
}

void client::send_close() {
  auto frame = masked_frame("\x03\xe8", net::opcode::close);
  first_.insert(first_.end(), frame.begin(), frame.end());
  closing_ = true;
  if (!waits_for_room_)
    flush();
}

ssize_t client::read(std::span<std::byte> into) {
  return tls_ ? tls_->receive(into) : ::recv(fd_, into.data(), into.size(), 0);
}

ssize_t client::write(std::span<const std::byte> bytes) {
  return tls_ ? tls_->send(bytes)
              : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void client::ask_for_room(bool asks) {
  if (asks != asks_for_room_)
    loop_.change(fd_, this, asks ? EPOLLIN | EPOLLOUT : EPOLLIN);
  asks_for_room_ = asks;
}

// What is not of the train goes between two of its frames.
std::span<const std::byte> client::next() const noexcept {
  if (position_ == 0 && !first_.empty())
    return first_;
  if (owed_ == 0)
    return {};
  return wire_.train->at(position_, first_.empty() ? owed_
                                                   : wire_.train->frame_bytes()
                                                         - position_);
}

// Whether the socket takes more.
bool client::wrote(ssize_t sent, std::size_t wanted) {
  if (sent < 0 && errno != EAGAIN)
    fail(std::string{"send: "} + std::strerror(errno));
  auto size = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (position_ == 0 && !first_.empty()) {
    first_.erase(first_.begin(),
                 first_.begin() + static_cast<std::ptrdiff_t>(size));
  } else {
    owed_ -= size;
    position_ = (position_ + size) % wire_.train->frame_bytes();
  }
  // TLS takes a record at a time.
  waits_for_room_ = sent < 0 || (!tls_ && size < wanted);
  return !waits_for_room_;
}

void client::flush() {
  waits_for_room_ = false;
  if (tls_ && tls_->holds_output() && write({}) < 0 && errno != EAGAIN)
    fail(std::string{"send: "} + std::strerror(errno));
  for (auto bytes = next(); !bytes.empty(); bytes = next()) {
    if (!wrote(write(bytes), bytes.size()))
      break;
  }
  // A handshake of TLS that waits for its peer has nothing to write.
  ask_for_room(tls_ ? tls_->holds_output() : waits_for_room_);
}

std::span<const std::byte> client::unsent() const noexcept {
  return fd_ < 0 || waits_for_room_ || tls_ ? std::span<const std::byte>{}
                                            : next();
}

void client::write_alone() {
  deferred_ = false;
  if (fd_ >= 0 && !waits_for_room_)
    flush();
}

void client::take_written(int outcome) {
  deferred_ = false;
  if (outcome < 0)
    errno = -outcome;
  wrote(outcome < 0 ? -1 : outcome, unsent().size());
  if (waits_for_room_)
    ask_for_room(true);
  else
    flush();
}

std::size_t client::handle(std::uint32_t events) {
  if (fd_ < 0)
    return 0;
  if ((events & EPOLLOUT) != 0 && (events & (EPOLLERR | EPOLLHUP)) == 0)
    flush();
  std::size_t messages = 0;
  while ((events & ~EPOLLOUT) != 0) {
    auto got = receive();
    messages += got.value_or(0);
    if (!got || !tls_ || !tls_->holds_input())
      break;
  }
  if (tls_ && (waits_for_room_ || tls_->holds_output()))
    flush();
  return messages;
}

// Nothing: there was nothing to read.
std::optional<std::size_t> client::receive() {
  auto buffer = loop_.buffer();
  auto got = read(buffer);
  if (got < 0 && errno == EAGAIN)
    return {};
  reads_much_ = got >= ssize_t{net::call_batch::slice_size};
  return took(got, buffer);
}

std::size_t client::take_read(int outcome, std::span<const std::byte> slice) {
  if (outcome == -EAGAIN)
    return 0;
  if (outcome < 0)
    errno = -outcome;
  reads_much_ = outcome == int{net::call_batch::slice_size};
  return took(outcome < 0 ? -1 : outcome, slice);
}

std::size_t client::took(ssize_t got, std::span<const std::byte> buffer) {
  if (got <= 0) {
    std::string why = got < 0 ? std::strerror(errno) : "closed by the server";
    auto expected = closing_;
    cut();
    if (!expected)
      fail(why);
    return 0;
  }
  std::span<const std::byte> bytes{buffer.data(),
                                   static_cast<std::size_t>(got)};
  try {
    if (stage_ == stage::opening)
      bytes = finish_opening(bytes);
    if (stage_ == stage::opening)
      return 0;
    return take(bytes);
  } catch (const failure& wrong) {
    fail(wrong.what());
  }
}

std::span<const std::byte>
client::finish_opening(std::span<const std::byte> bytes) {
  auto had = head_.size();
  head_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto size = wire_.opening.check(head_);
  if (size == 0)
    return {};
  if (tls_)
    tls_->check_resumption();
  head_.clear();
  head_.shrink_to_fit();
  greeted_ = 0;
  greet();
  return bytes.subspan(size - had);
}

// Sends the next greeting; without one the connection is open.
void client::greet() {
  if (greeted_ == wire_.speech.greetings.size()) {
    stage_ = stage::open;
    scanner_.keep = nullptr;
    return;
  }
  stage_ = stage::greeting;
  scanner_.keep = &kept_;
  for (const auto& message : wire_.speech.greetings[greeted_].sent) {
    auto frame = masked_frame(message, wire_.speech.op);
    first_.insert(first_.end(), frame.begin(), frame.end());
  }
  if (!waits_for_room_)
    flush();
}

std::size_t client::take(std::span<const std::byte> bytes) {
  auto greeting = stage_ == stage::greeting;
  auto messages =
      scanner_.scan(bytes, greeting ? anything_goes : wire_.expected);
  if (!scanner_.controls.empty())
    answer_controls();
  if (!greeting)
    return closing_ ? 0 : messages;
  for (const auto& text : kept_)
    head_ += text;
  kept_.clear();
  if (head_.find(wire_.speech.greetings[greeted_].answer)
      != std::string::npos) {
    ++greeted_;
    head_.clear();
    greet();
  }
  return 0;
}

void client::answer_controls() {
  auto controls = std::exchange(scanner_.controls, {});
  for (const auto& control : controls) {
    if (control.op == net::opcode::close && !closing_) {
      auto code = 1005U; // none given, RFC 6455 §7.4.1
      if (control.payload.size() >= 2)
        code = static_cast<unsigned char>(control.payload[0]) * 256U
               + static_cast<unsigned char>(control.payload[1]);
      throw failure{"closed by the server with " + std::to_string(code)};
    }
    if (control.op == net::opcode::ping) {
      auto frame = masked_frame(control.payload, net::opcode::pong);
      first_.insert(first_.end(), frame.begin(), frame.end());
    }
  }
  if (!first_.empty() && !waits_for_room_)
    flush();
}

} // namespace switchboard::bench
